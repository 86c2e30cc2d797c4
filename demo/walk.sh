# shellcheck shell=sh
# The walk-through itself: what demo/run shows, in order. Each block is one connection.

CRM=$GDPR_ROOT/demo/crm
DATA=$GDPR_TMP/csv

# What anyone with the disk, a backup or a replica could do: look for a text in every file of the data directory.
on_disk() {
	quiet "CHECKPOINT; SELECT pg_switch_wal(); CHECKPOINT;"
	files=$($AS_USER grep -raFl -e "$1" "$GDPR_TMP/data" | wc -l)
	printf '\n   %sgrep -raFl "%s" $PGDATA%s\n   %d files\n' "$dim" "$1" "$plain" "$files"
	if [ -n "$2" ] && [ "$files" -ne "$2" ]; then die "expected $2"; fi
}

step "A CRM as it stands: eight tables, some thousand people, loaded from CSV"
$AS_USER mkdir -m 700 "$DATA"
# The user who runs the server may not be able to read the tree.
cp -r "$CRM" "$GDPR_TMP/crm"
[ -z "$AS_USER" ] || chown -R postgres: "$GDPR_TMP/crm"
CRM=$GDPR_TMP/crm
psql_file() { psql -X -q -v ON_ERROR_STOP=1 "$@" >"$GDPR_TMP/psql.log" 2>&1 || { cat "$GDPR_TMP/psql.log"; die "$*"; }; }
createdb generator
psql_file -U postgres -d generator -v dir="$DATA" -f "$CRM/generate.sql"
dropdb generator
psql_file -U postgres -d demo -f "$CRM/schema.sql"
psql_file -U postgres -d demo -v dir="$DATA" -f "$CRM/load.sql"
show "SELECT (SELECT count(*) FROM crm.contact) AS contacts, (SELECT count(*) FROM crm.lead) AS leads,
       (SELECT count(*) FROM crm.activity) AS activities, (SELECT count(*) FROM crm.email) AS emails,
       (SELECT count(*) FROM crm.invoice) AS invoices;"
note "The application, as the unprivileged role crm_app, asks for a person; anyone with the disk can read her too:"
ROLE=crm_app
show "SELECT id, first_name, last_name, email, phone, birth_date FROM crm.contact WHERE email = 'ines.desire@example.fr';"
ROLE=postgres
on_disk ines.desire@example.fr ''

step "Install the extension"
show "CREATE EXTENSION gdpr CASCADE;"
quiet "DO \$\$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'officer') THEN CREATE ROLE officer LOGIN; END IF;
END \$\$;
GRANT gdpr_officer, gdpr_auditor TO officer;
GRANT USAGE ON SCHEMA crm TO officer;"
note "Someone must exercise the rights: officer, no superuser, a member of gdpr_officer and gdpr_auditor."

step "Declare: labels say what is personal, whose it is, and what the law wants kept"
grep -h -E "TABLE  (contact|invoice|deal|activity)|COLUMN contact.(email|allergies)" "$CRM/labels.sql" | sed 's/^/   /'
psql_file -U postgres -d demo -f "$CRM/labels.sql"
note "Nothing has changed yet. The plan shows what is declared and not enforced:"
show "SELECT action, count(*) AS statements, count(DISTINCT relation) AS tables FROM gdpr.plan() GROUP BY 1 ORDER BY 1;"

step "Enforce: one transaction"
show "CALL gdpr.apply();
SELECT count(*) AS left_to_do FROM gdpr.plan();"

step "The application goes on as before: the same SQL, the same types of answer, the same index"
ROLE=crm_app
show "SELECT id, first_name, last_name, email, phone, birth_date FROM crm.contact WHERE email = 'ines.desire@example.fr';
EXPLAIN (COSTS OFF) SELECT * FROM crm.contact WHERE email = 'ines.desire@example.fr'::text;
SELECT last_name, count(*), max(birth_date) AS youngest FROM crm.contact WHERE last_name LIKE 'Wó%' GROUP BY 1 ORDER BY 1;"
refused "INSERT INTO crm.contact (first_name, last_name, email, created_at)
VALUES ('Another', 'Mario', 'mario.rossi@example.it', now());"

step "On disk there is ciphertext"
ROLE=postgres
show "SET gdpr.output = 'cipher';
SELECT id, left(format('%s', email), 60) || '…' AS email FROM crm.contact WHERE id IN (42, 2707) ORDER BY id;"
note "The conversion wrote every table anew. What is left of before are dead rows of the statistics, and old WAL:"
show "VACUUM FULL pg_statistic;"
on_disk ines.desire@example.fr 0

step "Restrict: Łucja contests her data; until that is settled nobody works with it (Art. 18)"
ROLE=officer
show "SELECT gdpr.restrict('crm.contact', '77', 'accuracy contested, request 2026-114');"
note "The application, and the owner of the table, see her no more; nor her notes, two tables away:"
ROLE=crm_app
show "SELECT count(*) AS contacts FROM crm.contact WHERE id = 77;
SELECT count(*) AS notes FROM crm.note n JOIN crm.activity a ON a.id = n.activity_id WHERE a.contact_id = 77;"
ROLE=officer
show "SELECT gdpr.unrestrict('crm.contact', '77', 'settled, data confirmed');"

step "Gates: the newsletter tool needs first names, and sees no more than the shape of the rest"
ROLE=postgres
quiet "DO \$\$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'crm_newsletter') THEN CREATE ROLE crm_newsletter LOGIN; END IF;
END \$\$;
GRANT USAGE ON SCHEMA crm TO crm_newsletter;
GRANT SELECT ON crm.contact TO crm_newsletter;"
show "SELECT gdpr.assign_channel('crm_newsletter', 'integration');
SELECT gdpr.gate('personal', 'integration', 'mask');
SELECT gdpr.gate('sensitive', 'integration', 'hide');
SELECT gdpr.gate('crm.contact', 'first_name', 'integration', 'show');" >"$GDPR_TMP/gate.out"
grep gdpr "$GDPR_TMP/gate.out"
ROLE=crm_newsletter
show "SELECT id, first_name, last_name, email, phone, birth_date, allergies FROM crm.contact WHERE id IN (42, 77) ORDER BY id;
SELECT count(*) AS guessed FROM crm.contact WHERE email = 'mario.rossi@example.it';
EXPLAIN (COSTS OFF) SELECT email FROM crm.contact WHERE id = 42;"
refused "CREATE TEMP TABLE loot AS SELECT * FROM crm.contact;"

step "Consent, with its evidence (Art. 6, 7)"
ROLE=officer
show "INSERT INTO gdpr.purpose (name, description, basis) VALUES ('newsletter', 'our monthly news', 'consent');
SELECT gdpr.give_consent('crm.contact', '42', 'newsletter', '{\"wording\": \"I want the newsletter\", \"source\": \"webform\"}');
SELECT gdpr.has_consent('crm.contact', '42', 'newsletter') AS mario, gdpr.has_consent('crm.contact', '77', 'newsletter') AS lucja;"

step "Export: what Mario gave us, for him to take elsewhere (Art. 20)"
show "SELECT * FROM gdpr.find('mario.rossi@example.it');
SELECT file, octet_length(content) AS bytes FROM gdpr.export('crm.contact', '42', 'csv');
SELECT replace(convert_from(content, 'UTF8'), E'\\r', '') AS notes FROM gdpr.export('crm.contact', '42', 'csv') WHERE file = 'crm.note.csv';"

step "A request has its clock, and whoever answers it leaves a trace (Art. 12)"
show "SELECT gdpr.open_request('access', 'crm.contact', '42', way => 'letter') AS request \\gset
SELECT gdpr.verify_identity(:request, 'passport shown at the desk');
SELECT kind, key, state, received_at::date AS received, due_at::date AS due, days_left FROM gdpr.request_queue;
SELECT gdpr.fulfil_request(:request) AS becomes;"
note "Free text may speak of other people, so an officer looks before the answer goes out."

step "Forget: Inès wants to be gone (Art. 17). First what it would do, then for good"
show "SELECT * FROM gdpr.forget('crm.contact', '2707', 'request 2026-117', dry_run => true);
SELECT * FROM gdpr.forget('crm.contact', '2707', 'request 2026-117');
SELECT * FROM gdpr.forget('crm.contact', '2707', 'request 2026-117');"
note "She is nowhere: not in a table, not in the audit log, not on disk."
show "SELECT * FROM gdpr.find('ines.desire@example.fr');
SELECT count(*) AS audit_records FROM gdpr.audit_log WHERE old::text LIKE '%ines.desire%' OR new::text LIKE '%ines.desire%';"
ROLE=postgres
on_disk ines.desire@example.fr 0
note "An invoice that the law wants kept would have stayed; Mario has one such:"
ROLE=officer
show "SELECT * FROM gdpr.forget('crm.contact', '42', 'only asking', dry_run => true);"

step "She comes back through an import: the database recognises her, without having kept who she is"
ROLE=crm_app
show "INSERT INTO crm.contact (first_name, last_name, email, created_at)
VALUES ('Inès', 'Désiré', 'ines.desire@example.fr', now());"

step "Who did what: the audit log, readable by auditors, writable by nobody"
ROLE=officer
show "SELECT role, operation, relation, count(*) FROM gdpr.audit_log GROUP BY 1, 2, 3 ORDER BY 1, 2, 3 LIMIT 20;"
refused "DELETE FROM gdpr.audit_log;"

step "A laptop is lost: what was on it, how many people, how long until the authority must know (Art. 33)"
show "SELECT gdpr.open_breach('laptop lost, with a copy of the activities', now(), tstzrange(now() - interval '1 day', now()),
                        relations => '{crm.activity}') AS breach \\gset
SELECT round(hours_left) AS hours_left, state FROM gdpr.breach_clock;
SELECT relation, categories, subjects FROM gdpr.breach_scope(:breach);"

step "And what this database still needs"
show "SELECT severity, object, finding FROM gdpr.advice LIMIT 6;"
