-- The expressions: every operator, function, aggregate and window function of pg_catalog that takes the type, in every
-- position, with other columns, encrypted columns, literals and parameters in the other positions.

-- What is not called, and why.
CREATE FUNCTION parity.skipped(name) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE
        WHEN $1 ~ '^(pg_terminate_backend|pg_cancel_backend|pg_reload_conf|pg_rotate_logfile.*|pg_promote|pg_wal_replay_.*|pg_switch_wal|pg_start_backup|pg_stop_backup|pg_backup_.*|pg_log_.*|pg_export_snapshot|pg_notify|pg_logical_.*|pg_replication_.*|pg_.*replication_slot.*|pg_create_restore_point|pg_import_system_collations|pg_sync_.*|pg_extension_config_dump|binary_upgrade_.*|pg_nextoid|pg_stop_making_pinned_objects|pg_stat_reset.*|pg_stat_force_.*|pg_stat_clear_.*|pg_stat_have_stats|pg_restore_.*_stats|pg_clear_.*_stats|pg_set_.*_stats|set_config|setval|nextval|currval|lastval|pg_sequence_last_value|injection_points_.*)$'
            THEN 'acts on the server'
        WHEN $1 ~ '^(lo_.*|loread|lowrite|pg_read_.*|pg_ls_.*|pg_stat_file|pg_current_logfile|pg_file_.*|pg_logdir_ls|pg_hba_file_rules|pg_ident_.*|pg_show_all_file_settings)$' THEN 'reads or writes files or large objects'
        WHEN $1 ~ '^(pg_sleep.*|.*advisory.*|pg_isolation_test_session_is_blocked|pg_safe_snapshot_blocking_pids|pg_blocking_pids|pg_wal_.*)$' THEN 'waits, or takes locks'
        WHEN $1 ~ '^(random.*|setseed|gen_random_uuid|uuidv7|uuidv4|clock_timestamp|timeofday|statement_timestamp|pg_stat_get_.*|pg_.*_size|pg_relation_.*|pg_table_.*|pg_indexes_.*|pg_lock_.*|pg_partition_.*|pg_options_to_table|pg_postmaster.*|pg_mcv_list_items|pg_visible_in_snapshot|txid_.*|pg_xact_.*|pg_current_.*|pg_last_.*|pg_get_wal.*|pg_walfile_.*|pg_control_.*|pg_age|age_xid|mxid_age|pg_trigger_depth|pg_get_multixact_members|pg_get_acl|array_shuffle|array_sample)$' OR $1 IN ('pg_column_compression', 'pg_column_toast_chunk_id', 'pg_column_size')
            OR $1 ~ '^(hash_array|hash_array_extended|array_send|anyarray_send|anycompatiblearray_send)$'
            THEN 'tells of storage, of the moment, or gives another answer each time'
        WHEN $1 ~ '^(database_to_xml.*|schema_to_xml.*|table_to_xml.*|query_to_xml.*|cursor_to_xml.*|ts_stat|ts_rewrite|brin_.*|gin_.*|index_am.*|pg_get_publication.*|pg_event_trigger.*|pg_tablespace_databases|pg_describe_object|pg_identify_object.*|pg_get_object_address|pg_conversion_is_visible|generate_series_.*|.*_support|row_security_active|pg_prepared_.*|pg_cursor|pg_get_shmem_.*|pg_get_backend_memory_contexts|pg_timezone_.*|pg_collation_actual_version|pg_encoding_max_length|pg_database_collation_.*|ri_fkey.*|RI_FKey.*|pg_ddl_command.*|fmgr_.*|suppress_redundant.*)$'
            THEN 'takes a statement, a name of an object or a context'
        WHEN $1 = 'in_range' THEN 'is asked by window frames, through the operator class'
    END $$;

CREATE FUNCTION parity.literal(regtype) RETURNS text LANGUAGE sql STABLE AS 'SELECT quote_literal(literals[1]) FROM parity.sample WHERE type = $1';

-- A call of something in pg_catalog: its arguments as declared, and how it is written down. In `shape` the arguments are
-- %1$s, and the first of them %2$s; of an ordered-set aggregate the direct ones are %3$s and the aggregated ones %4$s.
CREATE TABLE parity.call (id int GENERATED ALWAYS AS IDENTITY, kind text, shape text, declared oid[], direct int, by_row boolean);
INSERT INTO parity.call (kind, shape, declared, by_row)
SELECT 'operator', CASE oprkind WHEN 'l' THEN format('OPERATOR(pg_catalog.%s) %%2$s', replace(oprname, '%', '%%')) ELSE format('%%2$s OPERATOR(pg_catalog.%s) %%5$s', replace(oprname, '%', '%%')) END,
       CASE oprkind WHEN 'l' THEN ARRAY[oprright] ELSE ARRAY[oprleft, oprright] END, true
  FROM pg_operator WHERE oid < 16384 AND oprnamespace = 'pg_catalog'::regnamespace;
INSERT INTO parity.call (kind, shape, declared, direct, by_row)
SELECT CASE prokind WHEN 'f' THEN 'function' WHEN 'a' THEN 'aggregate' ELSE 'window function' END, format(form, proname),
       (CASE WHEN provariadic = 0 THEN p.proargtypes::oid[] ELSE (p.proargtypes::oid[])[: pronargs - 1] || provariadic END)[:count], aggnumdirectargs, prokind = 'f' AND NOT proretset
  FROM pg_proc p LEFT JOIN pg_aggregate a ON aggfnoid = p.oid, generate_series((pronargs - pronargdefaults)::int, pronargs::int) count,
       unnest(CASE WHEN prokind = 'f' THEN ARRAY['pg_catalog.%I(%%1$s)'] WHEN prokind = 'w' THEN ARRAY['pg_catalog.%I(%%1$s) OVER (ORDER BY id)']
                   WHEN aggkind = 'o' THEN ARRAY['pg_catalog.%I(%%3$s) WITHIN GROUP (ORDER BY %%4$s)'] WHEN aggkind = 'h' THEN NULL
                   ELSE ARRAY['pg_catalog.%I(%%1$s)', 'pg_catalog.%I(DISTINCT %%1$s)', 'pg_catalog.%I(%%1$s ORDER BY %%2$s)', 'pg_catalog.%I(%%1$s) FILTER (WHERE %%2$s IS NOT NULL)',
                              'pg_catalog.%I(%%1$s) OVER (ORDER BY id)', 'pg_catalog.%I(%%1$s) OVER (ORDER BY id ROWS 1 PRECEDING)'] END) form
 WHERE p.oid < 16384 AND p.pronamespace = 'pg_catalog'::regnamespace AND prokind <> 'p' AND count > 0 AND parity.skipped(proname) IS NULL
   AND NOT p.proargtypes::oid[] && ARRAY['internal', 'cstring', 'trigger', 'event_trigger', 'fdw_handler', 'language_handler', 'index_am_handler', 'table_am_handler', 'tsm_handler', 'pg_ddl_command', '_cstring']::regtype[]::oid[]
   AND prorettype <> ALL (ARRAY['internal', 'trigger', 'event_trigger', 'fdw_handler', 'language_handler', 'index_am_handler', 'table_am_handler', 'tsm_handler', 'pg_ddl_command', 'cstring']::regtype[])
   -- A record needs a list of its columns, which differs with the call.
   AND NOT 'record'::regtype = ANY (p.proargtypes) AND NOT '_record'::regtype = ANY (p.proargtypes);

-- What may stand where a call declares an argument, when a type is under test: the type itself, where it goes there by
-- itself; a plain column beside it; another encrypted column; and every plain type that goes there as well.
CREATE TABLE parity.slot (type regtype, declared oid, own text, beside text, value text, encrypted text, others text[], PRIMARY KEY (type, declared));

CREATE TABLE parity.expression (type regtype, kind text, template text, by_row boolean, parameters text[]);

CREATE FUNCTION parity.generate(under_test regtype) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    own_array oid := (SELECT typarray FROM pg_type WHERE oid = under_test);
    own text := format('«%s»', parity.word(under_test));
    own_range oid := coalesce((SELECT rngtypid FROM pg_range WHERE rngsubtype = under_test LIMIT 1), 'int4range'::regtype);
    own_multirange oid := coalesce((SELECT rngmultitypid FROM pg_range WHERE rngsubtype = under_test LIMIT 1), 'int4multirange'::regtype);
BEGIN
    INSERT INTO parity.slot
    SELECT under_test, d.oid,
           CASE WHEN d.oid = under_test OR shape = 'element' OR EXISTS (SELECT FROM pg_cast WHERE castsource = under_test AND casttarget = d.oid AND castcontext = 'i') THEN own
                WHEN shape = 'array' OR d.oid = own_array THEN format('ARRAY[%s]', own) END,
           'p_' || t.typname, literals[1],
           CASE WHEN EXISTS (SELECT FROM parity.shipped WHERE plain = t.oid) THEN format('«%s»', t.typname) END,
           ARRAY(SELECT w FROM pg_cast JOIN parity.sample o ON o.type = castsource LEFT JOIN parity.shipped ON plain = o.type,
                        unnest(ARRAY['p_' || parity.word(o.type), CASE WHEN plain IS NOT NULL THEN format('«%s»', parity.word(o.type)) END]) w
                  WHERE casttarget = d.oid AND castcontext = 'i' AND castsource <> d.oid AND d.oid <> 'oid'::regtype AND w IS NOT NULL)
      FROM (SELECT DISTINCT unnest(declared) AS oid FROM parity.call) d,
           LATERAL (SELECT CASE WHEN d.oid IN ('anyelement'::regtype, 'anynonarray'::regtype, 'anycompatible'::regtype, 'anycompatiblenonarray'::regtype, 'anyenum'::regtype, '"any"'::regtype) THEN 'element'
                                WHEN d.oid IN ('anyarray'::regtype, 'anycompatiblearray'::regtype) THEN 'array'
                                WHEN d.oid IN ('anyrange'::regtype, 'anycompatiblerange'::regtype) THEN 'range'
                                WHEN d.oid IN ('anymultirange'::regtype, 'anycompatiblemultirange'::regtype) THEN 'multirange' END AS shape) s,
           LATERAL (SELECT oid, typname FROM pg_type
                     WHERE pg_type.oid = CASE shape WHEN 'element' THEN under_test WHEN 'array' THEN own_array WHEN 'range' THEN own_range WHEN 'multirange' THEN own_multirange ELSE d.oid END) t
      LEFT JOIN parity.sample ON sample.type = t.oid;
    -- The type in one place; in the others plain columns, literals, parameters, the type too, encrypted columns.
    INSERT INTO parity.expression
    SELECT DISTINCT under_test, kind, format(shape, array_to_string(arguments, ', '), arguments[1], array_to_string(arguments[:direct], ', '), array_to_string(arguments[direct + 1:], ', '), arguments[2]), by_row, parameters
      FROM parity.call,
           LATERAL (SELECT array_agg(CASE WHEN k = place THEN slot.own
                                          WHEN form = 3 THEN '$' || k - (k > place)::int
                                          WHEN form = 4 AND slot.own IS NOT NULL THEN slot.own
                                          WHEN form = 5 AND encrypted IS NOT NULL THEN encrypted
                                          WHEN value IS NULL THEN 'NULL'
                                          WHEN form = 2 THEN quote_literal(value)
                                          ELSE beside END ORDER BY k) AS arguments,
                           CASE WHEN form = 3 THEN array_agg(value ORDER BY k) FILTER (WHERE k <> place) END AS parameters,
                           bool_or(k = place AND slot.own IS NOT NULL) AS takes_it
                      FROM unnest(declared) WITH ORDINALITY d(oid, k) LEFT JOIN parity.slot ON type = under_test AND slot.declared = d.oid,
                           generate_series(1, cardinality(call.declared)) place, generate_series(1, 5) form
                     GROUP BY place, form) f
     WHERE takes_it;
    -- With two arguments: beside it everything that goes by itself to what is declared there.
    INSERT INTO parity.expression
    SELECT DISTINCT under_test, kind, format(shape, array_to_string(arguments, ', '), arguments[1], array_to_string(arguments[:direct], ', '), array_to_string(arguments[direct + 1:], ', '), arguments[2]), by_row, NULL::text[]
      FROM parity.call, generate_series(1, 2) place JOIN parity.slot a ON a.type = under_test JOIN parity.slot b ON b.type = under_test, unnest(b.others) other,
           LATERAL (SELECT CASE place WHEN 1 THEN ARRAY[a.own, other] ELSE ARRAY[other, a.own] END) r(arguments)
     WHERE cardinality(call.declared) = 2 AND a.declared = call.declared[place] AND b.declared = call.declared[3 - place] AND a.own IS NOT NULL;
    -- The place of a value among those of a column.
    INSERT INTO parity.expression
    SELECT under_test, 'aggregate', format('pg_catalog.%I(%s) WITHIN GROUP (ORDER BY %s)', proname, direct, own), false, NULL
      FROM unnest('{rank,dense_rank,percent_rank,cume_dist}'::name[]) proname,
           unnest(ARRAY[format('(SELECT min(%s) FROM parity.v)', own), (SELECT quote_literal(literals[1]) FROM parity.sample WHERE sample.type = under_test)]) direct;
END $$;
