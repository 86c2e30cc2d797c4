-- Attack: logical decoding by the functions of SQL, in binary form.
-- as: replicator
-- tells: 7a7178
-- gated: refused
-- deny: refused
SELECT data FROM pg_logical_slot_peek_binary_changes(current_database()::text, NULL, NULL);
