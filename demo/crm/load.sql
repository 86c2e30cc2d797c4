-- Loads the files written by generate.sql, as a superuser (or the tables' owner):
--     psql -X -v ON_ERROR_STOP=1 -v dir=/path/to/csv -f load.sql

SET search_path = crm, public;
SET client_encoding = 'UTF8';
SET DateStyle = 'ISO, YMD';
SET TimeZone = 'UTC';

\cd :dir

BEGIN;

\copy account  from 'account.csv'  with (format csv, header)
\copy contact  from 'contact.csv'  with (format csv, header)
\copy lead     from 'lead.csv'     with (format csv, header)
\copy deal     from 'deal.csv'     with (format csv, header)
\copy activity from 'activity.csv' with (format csv, header)
\copy note     from 'note.csv'     with (format csv, header)
\copy email    from 'email.csv'    with (format csv, header)
\copy invoice  from 'invoice.csv'  with (format csv, header)

-- The files carry their own ids; new rows go on from there.
SELECT setval('account_id_seq',  (SELECT max(id) FROM account))  AS account,
       setval('contact_id_seq',  (SELECT max(id) FROM contact))  AS contact,
       setval('lead_id_seq',     (SELECT max(id) FROM lead))     AS lead,
       setval('deal_id_seq',     (SELECT max(id) FROM deal))     AS deal,
       setval('activity_id_seq', (SELECT max(id) FROM activity)) AS activity,
       setval('note_id_seq',     (SELECT max(id) FROM note))     AS note,
       setval('email_id_seq',    (SELECT max(id) FROM email))    AS email,
       setval('invoice_id_seq',  (SELECT max(id) FROM invoice))  AS invoice;

COMMIT;

ANALYZE account, contact, lead, deal, activity, note, email, invoice;
