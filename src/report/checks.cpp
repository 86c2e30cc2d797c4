#include "report/checks.hpp"

namespace gdpr::report {

#define LABELS                                                                                                         \
    "pg_seclabel s JOIN pg_class c ON c.oid = s.objoid AND s.classoid = 'pg_class'::regclass AND s.provider = 'gdpr'"

// A name in words: camelCase apart, lower case.
#define WORDS "lower(regexp_replace(a.attname, '([a-z])([A-Z])', '\\1_\\2', 'g'))"

// Columns of people's own tables that no label speaks of, and what hangs on which table.
#define UNLABELLED                                                                                                     \
    "WITH graph AS (SELECT DISTINCT relation FROM gdpr.data_map),"                                                     \
    " unlabelled AS (SELECT a.attrelid, a.attname, a.atttypid, c.relname, n.nspname, " WORDS " AS words,"              \
    "        CASE WHEN a.attrelid IN (SELECT relation FROM graph) THEN 'warning' ELSE 'notice' END AS severity"        \
    "   FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace"       \
    "  WHERE c.relkind IN ('r', 'p', 'f') AND c.relpersistence <> 't' AND n.nspname !~ '^pg_'"                         \
    "    AND n.nspname NOT IN ('information_schema', 'gdpr') AND a.attnum > 0 AND NOT a.attisdropped"                  \
    "    AND NOT EXISTS (SELECT FROM pg_inherits i WHERE i.inhrelid = c.oid)"                                          \
    "    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid"           \
    "                      AND d.deptype = 'e')"                                                                       \
    "    AND NOT EXISTS (SELECT FROM pg_seclabel s WHERE s.provider = 'gdpr' AND s.classoid = 'pg_class'::regclass"    \
    "                      AND s.objoid = a.attrelid AND s.objsubid = a.attnum)) "

const Check checks[] = {
    {"columns by name", UNLABELLED
     "SELECT u.severity, format('%s.%I', u.attrelid::regclass, u.attname),"
     "       'by its name it holds personal data, and no label says so',"
     "       format('SECURITY LABEL FOR gdpr ON COLUMN %s.%I IS %L', u.attrelid::regclass, u.attname, k.label)"
     "  FROM unlabelled u, LATERAL (SELECT CASE"
     "       WHEN words ~ '(^|_)(health|diagnos[ei]s|allerg(y|ies)|disease|disabilit(y|ies)|medication|blood_?type|religion"
     "|ethnicity|racial|sexual_orientation|trade_union|party_membership|political|genetic|biometric|fingerprint|criminal)(_|$|\\d)'"
     "       THEN 'sensitive, encrypted'"
     "       WHEN words ~ '(^|_)(e_?mail|mail_?address|phone|telephone|mobile|cell_?phone|fax|ssn|tax_?(id|code|number)"
     "|fiscal_?code|codice_?fiscale|steuer_?(id|nummer)|passport|iban|national_?id|id_?card|driving_?licen[cs]e)(_|$|\\d)'"
     "       THEN 'personal, identifier, encrypted'"
     "       WHEN words ~ '(^|_)(first_?name|last_?name|sur_?name|given_?name|family_?name|full_?name|middle_?name|maiden_?name"
     "|birth|birth_?(day|date|place)|dob|date_of_birth|gender|sex|nationality|marital_?status|street|address|postal_?code"
     "|post_?code|zip(_?code)?|ip(_?address)?|user_?agent|latitude|longitude|geo_?location|photo|signature|salary"
     "|cognome|nascita|indirizzo|vorname|nachname|geburts(datum|ort)|anschrift|prenom|naissance|adresse|apellidos?|nacimiento)(_|$|\\d)' AND words !~ '_(id|count|type|kind)$'"
     "       THEN 'personal' END AS label) k"
     " WHERE k.label IS NOT NULL ORDER BY 2"},

    {"columns by sample", UNLABELLED
     "SELECT DISTINCT u.severity, format('%s.%I', u.attrelid::regclass, u.attname),"
     "       'ANALYZE saw what looks like ' || k.what || ' in it, and no label says so',"
     "       format('SECURITY LABEL FOR gdpr ON COLUMN %s.%I IS %L', u.attrelid::regclass, u.attname,"
     "              'personal')"
     "  FROM unlabelled u JOIN pg_stats t ON t.schemaname = u.nspname AND t.tablename = u.relname AND t.attname = u.attname,"
     "       LATERAL (SELECT concat(t.most_common_vals, t.histogram_bounds) AS values) v,"
     "       LATERAL (SELECT CASE WHEN v.values ~ '[[:alnum:]._%+-]+@[[:alnum:]-]+(\\.[[:alnum:]-]+)*\\.[[:alpha:]]{2,}' THEN 'e-mail addresses'"
     "                WHEN v.values ~ '[{,\"]\\+[1-9][0-9]{7,14}[\",}]' THEN 'telephone numbers'"
     "                WHEN v.values ~ '[{,\"][A-Z]{2}[0-9]{2}[A-Z]{0,4}[0-9]{10,26}[\",}]' THEN 'bank accounts' END AS what) k"
     " WHERE k.what IS NOT NULL AND u.words !~ 'mail|phone|tel|mobile|iban' ORDER BY 2"},

    {"plaintext",
     "SELECT 'notice', format('%s.%I', c.oid::regclass, a.attname), 'sensitive data lies in plaintext',"
     "       format('SECURITY LABEL FOR gdpr ON COLUMN %s.%I IS %L; CALL gdpr.apply(%L)', c.oid::regclass, a.attname,"
     "              s.label || ', encrypted', c.oid::regclass)"
     "  FROM " LABELS " JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = s.objsubid"
     " WHERE s.label ~ '\\msensitive\\M' AND s.label !~ '\\mencrypted\\M' ORDER BY 2"},

    {"undecided",
     "SELECT DISTINCT 'critical', relation::text, 'it is not decided whose its rows are, so rights are refused', remedy"
     "  FROM gdpr.data_map WHERE kind = 'undecided' ORDER BY 2"},

    {"identifiers without index",
     "SELECT 'notice', format('%s.%I', c.oid::regclass, a.attname),"
     "       'gdpr.find() reads the whole table: no index begins with this identifier',"
     "       format('CREATE INDEX ON %s (%I)', c.oid::regclass, a.attname)"
     "  FROM " LABELS " JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = s.objsubid"
     " WHERE s.label ~ '\\midentifier\\M' AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisvalid"
     "       AND (i.indkey[0] = a.attnum OR i.indkey[0] = 0"
     "            AND pg_get_indexdef(i.indexrelid, 1, true) ~ ('\\m' || regexp_replace(a.attname, '\\W', '.', 'g') || '\\M'))) ORDER BY 2"},

    {"public",
     "SELECT DISTINCT 'warning', c.oid::regclass::text, 'every role of the server may read it',"
     "       format('REVOKE ALL ON %s FROM PUBLIC', c.oid::regclass)"
     "  FROM " LABELS ", aclexplode(c.relacl) x WHERE x.grantee = 0 AND x.privilege_type = 'SELECT' ORDER BY 2"},

    {"logging",
     "SELECT k.severity, 'setting ' || s.name, k.finding, format('ALTER SYSTEM SET %s = %s', s.name, k.remedy)"
     "  FROM pg_settings s JOIN (VALUES"
     "   ('log_statement', 'warning', '^(mod|all)$', 'the server logs statements with the values in them', '''ddl'''),"
     "   ('log_min_duration_statement', 'warning', '^[0-9]', 'the server logs slow statements with the values in them', '-1'),"
     "   ('log_min_duration_sample', 'warning', '^[0-9]', 'the server logs some statements with the values in them', '-1'),"
     "   ('log_transaction_sample_rate', 'warning', '[1-9]', 'the server logs some statements with the values in them', '0'),"
     "   ('log_parameter_max_length_on_error', 'warning', '^(-1|[1-9].*)$', 'the server logs parameters of statements that fail', '0'),"
     "   ('log_min_error_statement', 'notice', '^(debug.|info|notice|warning|error)$', 'the server logs statements that fail, with the values in them', '''panic'''),"
     "   ('log_error_verbosity', 'notice', '^(default|verbose)$', 'the server logs the details of errors, which quote keys and rows', '''terse'''),"
     "   ('debug_print_parse', 'warning', '^on$', 'the server logs statements with the values in them', 'off'),"
     "   ('debug_print_rewritten', 'warning', '^on$', 'the server logs statements with the values in them', 'off'),"
     "   ('debug_print_plan', 'warning', '^on$', 'the server logs statements with the values in them', 'off'),"
     "   ('auto_explain.log_min_duration', 'warning', '^[0-9]', 'plans are logged with the values in them', '-1'))"
     "       AS k (name, severity, risky, finding, remedy) ON k.name = s.name AND s.setting ~ k.risky"
     " ORDER BY k.severity DESC, 2"},

    {"logging of some",
     "SELECT 'warning', concat_ws(' in ', 'role ' || r.rolname, 'database ' || d.datname),"
     "       'a setting of its own lets the server log values: ' || c,"
     "       format('ALTER %s RESET %s', CASE WHEN r.rolname IS NULL THEN format('DATABASE %I', d.datname)"
     "              ELSE concat_ws(' IN ', format('ROLE %I', r.rolname), 'DATABASE ' || quote_ident(d.datname)) END, split_part(c, '=', 1))"
     "  FROM pg_db_role_setting s LEFT JOIN pg_roles r ON r.oid = s.setrole LEFT JOIN pg_database d ON d.oid = s.setdatabase,"
     "       unnest(s.setconfig) AS c"
     " WHERE c ~ '^(log_statement=(mod|all)|log_min_duration_(statement|sample)=[0-9]|log_parameter_max_length_on_error=(-1|[1-9])|debug_print_\\w+=(on|true|1)|auto_explain.log_min_duration=[0-9])'"
     "   AND (s.setdatabase = 0 OR d.datname = current_database()) ORDER BY 2"},

    {"roles",
     "SELECT CASE WHEN rolsuper THEN 'notice' ELSE 'warning' END, 'role ' || quote_ident(rolname),"
     "       CASE WHEN rolsuper THEN 'a superuser: no restriction, gate or policy binds it' ELSE 'BYPASSRLS: it reads restricted people''s rows' END,"
     "       format('ALTER ROLE %I %s', rolname, CASE WHEN rolsuper THEN 'NOSUPERUSER' ELSE 'NOBYPASSRLS' END)"
     "  FROM pg_roles WHERE (rolsuper OR rolbypassrls) AND rolname !~ '^pg_'"
     " UNION ALL SELECT 'warning', 'role ' || quote_ident(m.rolname), 'it may read files of the server or run programs there, so the keyring too',"
     "       format('REVOKE %I FROM %I', g.rolname, m.rolname)"
     "  FROM pg_auth_members x JOIN pg_roles g ON g.oid = x.roleid JOIN pg_roles m ON m.oid = x.member"
     " WHERE g.rolname IN ('pg_read_server_files', 'pg_execute_server_program') AND NOT m.rolsuper AND m.rolname !~ '^pg_'"
     " UNION ALL SELECT 'notice', 'role ' || quote_ident(m.rolname), 'as a member of gdpr_backup it can decrypt everything',"
     "       format('REVOKE gdpr_backup FROM %I', m.rolname)"
     "  FROM pg_auth_members x JOIN pg_roles g ON g.oid = x.roleid JOIN pg_roles m ON m.oid = x.member"
     " WHERE g.rolname = 'gdpr_backup' AND NOT m.rolsuper ORDER BY 1 DESC, 2"},

    {"library",
     "SELECT 'critical', concat_ws(' in ', 'role ' || r.rolname, 'database ' || d.datname),"
     "       'its sessions do not load the library: nothing is enforced by hooks there',"
     "       format('ALTER %s SET session_preload_libraries = %s', CASE WHEN r.rolname IS NULL THEN format('DATABASE %I', d.datname)"
     "              ELSE concat_ws(' IN ', format('ROLE %I', r.rolname), 'DATABASE ' || quote_ident(d.datname)) END,"
     "              concat_ws(', ', nullif(split_part(c, '=', 2), ''), 'gdpr'))"
     "  FROM pg_db_role_setting s LEFT JOIN pg_roles r ON r.oid = s.setrole LEFT JOIN pg_database d ON d.oid = s.setdatabase,"
     "       unnest(s.setconfig) AS c"
     " WHERE c ~ '^session_preload_libraries=' AND c !~ '\\mgdpr\\M' AND (s.setdatabase = 0 OR d.datname = current_database())"
     "   AND current_setting('shared_preload_libraries') !~ '\\mgdpr\\M'"
     "   AND (s.setrole <> 0 OR s.setdatabase <> 0) ORDER BY 2"},

    {"transport",
     "SELECT 'warning', 'setting ssl', 'the server listens on the network, and connections are not encrypted',"
     "       'ALTER SYSTEM SET ssl = on'"
     " WHERE current_setting('ssl') = 'off' AND current_setting('listen_addresses') !~ '^(localhost|127\\.0\\.0\\.1|::1|,| )*$'"},

    {"materialised copies",
     "SELECT DISTINCT 'warning', v.oid::regclass::text,"
     "       'a materialised copy of ' || c.oid::regclass || ': what is restricted or erased stays in it until it is refreshed',"
     "       format('REFRESH MATERIALIZED VIEW %s', v.oid::regclass)"
     "  FROM " LABELS
     "  JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = c.oid AND d.classid = 'pg_rewrite'::regclass"
     "  JOIN pg_rewrite w ON w.oid = d.objid JOIN pg_class v ON v.oid = w.ev_class AND v.relkind = 'm' ORDER BY 2"},

    {"publications",
     "SELECT DISTINCT 'notice', 'publication ' || quote_ident(t.pubname),"
     "       'it sends ' || c.oid::regclass || ' to subscribers, where nothing is enforced unless gdpr is installed there, too',"
     "       format('ALTER PUBLICATION %I DROP TABLE %s', t.pubname, c.oid::regclass)"
     "  FROM " LABELS " JOIN pg_namespace n ON n.oid = c.relnamespace"
     "  JOIN pg_publication_tables t ON t.schemaname = n.nspname AND t.tablename = c.relname ORDER BY 2, 3"},

    {"controller",
     "SELECT 'warning', 'gdpr.controller', 'nobody is named who answers for the processing (Art. 13(1)(a))',"
     "       'INSERT INTO gdpr.controller (name, contact, protection_officer, supervisory_authority, time_zone) VALUES (…)'"
     " WHERE NOT EXISTS (SELECT FROM gdpr.controller)"
     " UNION ALL SELECT 'notice', 'gdpr.purpose ' || name, 'it does not say how long data is kept for it (Art. 30(1)(f))',"
     "       format('UPDATE gdpr.purpose SET retention = … WHERE name = %L', name) FROM gdpr.purpose WHERE retention IS NULL ORDER BY 1 DESC, 2"},

    {"special categories",
     "SELECT DISTINCT 'critical', 'gdpr.purpose ' || p.name,"
     "       'labels give it special categories of data, and it names no condition to process them (Art. 9(2))',"
     "       format('UPDATE gdpr.purpose SET special_condition = … WHERE name = %L', p.name)"
     "  FROM gdpr.purpose p JOIN " LABELS
     " ON true LEFT JOIN pg_seclabel t ON t.objoid = s.objoid AND t.classoid = s.classoid"
     "       AND t.provider = s.provider AND t.objsubid = 0"
     " WHERE p.basis <> 'consent' AND p.special_condition IS NULL AND s.objsubid > 0 AND s.label ~ '\\msensitive\\M'"
     "   AND CASE WHEN s.label ~ '\\mpurpose\\(' THEN s.label ELSE t.label END ~ ('\\mpurpose\\([^)]*\\m' || p.name || '\\M') ORDER BY 2"},

    {"requests",
     "SELECT CASE WHEN days_left < 0 THEN 'critical' ELSE 'warning' END, 'request ' || id,"
     "       CASE WHEN days_left < 0 THEN 'it should have been answered by ' ELSE 'it is to be answered by ' END || to_char(gdpr.local_date(due_at), 'YYYY-MM-DD'),"
     "       format('SELECT gdpr.fulfil_request(%s)', id)"
     "  FROM gdpr.request_queue WHERE days_left <= 3 AND paused_at IS NULL"
     " UNION ALL SELECT 'notice', 'request ' || id, 'its clock stands for more than a month, waiting for an answer',"
     "       format('SELECT gdpr.refuse_request(%s, …)', id)"
     "  FROM gdpr.request_queue WHERE paused_at < now() - interval '1 month' ORDER BY 2"},

    {"notices",
     "SELECT CASE WHEN min(due_at) < now() THEN 'critical' ELSE 'warning' END, subject_table::text,"
     "       'people whose data came from elsewhere and who are to be told within a month (Art. 14): ' || count(*)"
     "            || ', overdue: ' || count(*) FILTER (WHERE due_at < now()),"
     "       format('SELECT gdpr.record_notices(%L, NULL, …)', subject_table)"
     "  FROM gdpr.notice_queue WHERE due_at < now() + interval '7 days' GROUP BY subject_table ORDER BY 2"},

    {"breaches",
     "SELECT 'critical', 'breach ' || id, CASE WHEN subjects_to_be_told THEN 'the people concerned are not told yet (Art. 34)'"
     "            ELSE 'the supervisory authority is to be notified; hours left: ' || hours_left END,"
     "       CASE WHEN subjects_to_be_told THEN format('SELECT gdpr.tell_breach_subjects(%s)', id)"
     "            ELSE format('SELECT gdpr.breach_letter(%s, ''authority'')', id) END"
     "  FROM gdpr.breach_clock WHERE state IN ('running', 'overdue') OR subjects_to_be_told ORDER BY id"},

    {"due work",
     "SELECT 'warning', 'gdpr.run_due_work()', 'nothing does what is due: reminders, mails, erasures at their time',"
     "       'CALL gdpr.run_due_work()'"
     " WHERE NOT EXISTS (SELECT FROM gdpr.work_run WHERE last_run > now() - interval '1 day')"
     " UNION ALL SELECT 'warning', 'job ' || job, 'it failed: ' || error, format('CALL gdpr.run_due_work(%L)', job)"
     "  FROM gdpr.work_run WHERE error IS NOT NULL ORDER BY 2"},

    {"mails",
     "SELECT 'warning', 'gdpr.outbox', 'mails that could not be delivered: ' || count(*) || ', ' || error,"
     "       format('SELECT gdpr.requeue_mail(id) FROM gdpr.outbox WHERE state = ''dead'' AND error = %L', error)"
     "  FROM gdpr.outbox WHERE state = 'dead' GROUP BY error ORDER BY error"},

    {"keys", "SELECT 'warning', 'key ' || key, 'it has sealed many values', 'CALL gdpr.rotate_data_key(NULL)'"
             "  FROM gdpr.key_status WHERE state = 'active' AND uses > 1::bigint << 31"},

    {"drift", "SELECT 'critical', relation::text, 'declared and not enforced: ' || string_agg(DISTINCT action, ', '),"
              "       format('CALL gdpr.apply(%L)', relation) FROM gdpr.plan()"
              // Told by a finding of its own, above.
              " WHERE action <> 'decide whose the rows are' GROUP BY relation ORDER BY 2"}};

const unsigned check_count = sizeof checks / sizeof *checks;

} // namespace gdpr::report
