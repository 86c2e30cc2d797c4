-- The application: the SQL that an ordinary CRM sends, as the role it sends it as. It knows nothing of gdpr.
--
-- Run once on a freshly loaded database, as crm_app:
--     psql -X -U crm_app -f application.sql > application.out 2>&1
--
-- The same load gives the same output, byte for byte, whether the labelled columns are plain or encrypted. So results
-- are ordered to the last row, dates are fixed ("today" is 24 November 2026), and errors are kept terse. Statements are
-- numbered; those that only set a session up are not. Errors are part of the play: an application meets them.

\set ECHO all
\set ON_ERROR_STOP off
\set VERBOSITY terse
\pset null '(null)'
\pset pager off
\encoding UTF8

SET search_path = crm, public;
SET DateStyle = 'ISO, YMD';
SET IntervalStyle = 'postgres';
SET TimeZone = 'UTC';

------------------------------------------------------------------------------------------------------------------------
-- A. Looking someone up

-- 1. who the application is
SELECT current_user, session_user;

-- 2. by address, a literal
SELECT * FROM contact WHERE email = 'mario.rossi@example.it';

-- 3. by address, as a driver sends text
PREPARE by_email_text(text) AS
    SELECT id, first_name, last_name, phone FROM contact WHERE email = $1;
EXECUTE by_email_text('mario.rossi@example.it');
EXECUTE by_email_text('nobody@example.it');

-- 4. by address, as a driver sends varchar
PREPARE by_email_varchar(varchar) AS
    SELECT id, first_name, last_name, phone FROM contact WHERE email = $1;
EXECUTE by_email_varchar('lucja.wojcik@example.pl');

-- 5. by address, the parameter's type left to the server
PREPARE by_email_untyped AS
    SELECT id, first_name, last_name, phone FROM contact WHERE email = $1;
EXECUTE by_email_untyped('lucja.wojcik@example.pl');
EXECUTE by_email_untyped(NULL);

-- 6. by several untyped parameters of different types
PREPARE by_many AS
    SELECT id, last_name, birth_date, salary
    FROM contact
    WHERE last_name = $1 AND birth_date >= $2 AND salary > $3
    ORDER BY id;
EXECUTE by_many('Groß', '1975-01-01', 60000);

-- 7. by typed date and numeric parameters, six times, so that a generic plan may take over
PREPARE born_and_paid(date, numeric) AS
    SELECT count(*), min(last_name COLLATE "C"), max(salary) FROM contact WHERE birth_date < $1 AND salary >= $2;
EXECUTE born_and_paid('1960-01-01', 50000);
EXECUTE born_and_paid('1961-01-01', 51000);
EXECUTE born_and_paid('1962-01-01', 52000);
EXECUTE born_and_paid('1963-01-01', 53000);
EXECUTE born_and_paid('1964-01-01', 54000);
EXECUTE born_and_paid('1965-01-01', 55000);

-- 8. IN list
SELECT id, email FROM contact
WHERE email IN ('mario.rossi@example.it', 'lucja.wojcik@example.pl', 'nobody@example.com')
ORDER BY id;

-- 9. = ANY of an array
SELECT id, email FROM contact
WHERE email = ANY (ARRAY['mario.rossi@example.it', 'lucja.wojcik@example.pl'])
ORDER BY id;

-- 10. = ANY of an array parameter
PREPARE by_phones(text[]) AS SELECT id, phone FROM contact WHERE phone = ANY ($1) ORDER BY id;
EXECUTE by_phones('{+39 055 0004242,+48 22 000 77 77}');

-- 11. IN list of dates
SELECT id, last_name, birth_date FROM contact WHERE birth_date IN ('1971-04-25', '1984-12-13') ORDER BY birth_date, id;

-- 12. name, exactly, with its letters
SELECT id, first_name, last_name FROM contact WHERE last_name = 'Wójcik' AND first_name < 'B' ORDER BY first_name, id;

-- 13. composite comparison, as pages are turned by key
SELECT id, last_name, first_name FROM contact
WHERE (last_name, first_name, id) > ('Rossi', 'Mario', 42)
ORDER BY last_name, first_name, id
LIMIT 5;

-- 14. not equal, is distinct from
SELECT count(*) FILTER (WHERE phone <> '+39 055 0004242') AS differs,
       count(*) FILTER (WHERE phone IS DISTINCT FROM '+39 055 0004242') AS is_distinct,
       count(*) FILTER (WHERE phone IS NULL) AS missing
FROM contact;

------------------------------------------------------------------------------------------------------------------------
-- B. Searching by pattern

-- 15. LIKE, prefix
SELECT id, last_name FROM contact WHERE last_name LIKE 'Brz%' ORDER BY id LIMIT 5;

-- 16. LIKE, prefix, on the address
SELECT id, email FROM contact WHERE email LIKE 'mario.%' ORDER BY email COLLATE "C" LIMIT 8;

-- 17. LIKE, infix
SELECT count(*) FROM contact WHERE email LIKE '%.gross%@example.de';

-- 18. LIKE with an underscore, NOT LIKE
SELECT DISTINCT last_name FROM contact
WHERE last_name LIKE 'M_ller' AND last_name NOT LIKE 'Mu%'
ORDER BY last_name;

-- 19. LIKE with an escape
SELECT count(*) FROM contact WHERE email LIKE '%!_%' ESCAPE '!';

-- 20. ILIKE
SELECT id, first_name, last_name FROM contact WHERE last_name ILIKE 'ROSS%' ORDER BY id LIMIT 5;

-- 21. LIKE with a parameter
PREPARE starting_with(text) AS SELECT count(*) FROM contact WHERE last_name LIKE $1 || '%';
EXECUTE starting_with('Gr');

-- 22. regular expressions
SELECT count(*) FILTER (WHERE email ~ '^[a-z]\.[a-z]+@')     AS initial_and_name,
       count(*) FILTER (WHERE email !~ '[0-9]')               AS without_digits,
       count(*) FILTER (WHERE last_name ~* '^d''')            AS with_d_apostrophe,
       count(*) FILTER (WHERE last_name SIMILAR TO '%(ski|ska)') AS polish_adjectives
FROM contact;

-- 23. starts_with and position
SELECT id, email, position('@' IN email) AS at, strpos(email, 'example') AS dom
FROM contact
WHERE starts_with(email, 'zoe.') AND email ^@ 'zoe.c'
ORDER BY id LIMIT 5;

-- 24. patterns in long text
SELECT id, subject, left(body, 30) AS beginning FROM email
WHERE body LIKE '%arachidi%' OR body ILIKE '%próbki: żółte%'
ORDER BY id;

-- 25. full text search
SELECT id, contact_id, subject FROM activity
WHERE to_tsvector('simple', subject || ' ' || coalesce(notes, '')) @@ to_tsquery('simple', 'żółte & próbki')
ORDER BY id LIMIT 5;

------------------------------------------------------------------------------------------------------------------------
-- C. Dates

-- 26. BETWEEN
SELECT count(*) FROM contact WHERE birth_date BETWEEN '1970-01-01' AND '1979-12-31';

-- 27. range with typed literals
SELECT id, birth_date FROM contact
WHERE birth_date >= date '1984-12-01' AND birth_date < date '1985-01-01'
ORDER BY birth_date, id;

-- 28. arithmetic
SELECT id,
       birth_date + 30                        AS plus_30,
       birth_date - 1                         AS eve,
       date '2026-11-24' - birth_date         AS days_lived,
       (date '2026-11-24' - birth_date) / 365 AS roughly,
       birth_date + interval '18 years'       AS of_age,
       age(date '2026-11-24', birth_date)     AS age
FROM contact WHERE id IN (42, 77) ORDER BY id;

-- 29. parts
SELECT extract(year FROM birth_date) AS year, extract(isodow FROM birth_date) AS weekday,
       date_part('month', birth_date) AS month, date_trunc('month', birth_date) AS first_of_month,
       to_char(birth_date, 'DD.MM.YYYY') AS german, to_char(birth_date, 'Day, FMDD Month YYYY') AS english
FROM contact WHERE id IN (42, 77) ORDER BY id;

-- 30. birthdays of one day, whatever the year
SELECT id, last_name, birth_date FROM contact
WHERE extract(month FROM birth_date) = 11 AND extract(day FROM birth_date) = 24
ORDER BY birth_date, id;

-- 31. casts from and to
SELECT birth_date::text, birth_date::timestamp, birth_date::timestamptz, '1971-04-25'::date = birth_date AS same
FROM contact WHERE id = 42;

-- 32. ranges and overlaps
SELECT count(*) FILTER (WHERE birth_date <@ daterange('1971-01-01', '1972-01-01')) AS born_1971,
       count(*) FILTER (WHERE (birth_date, birth_date + 10) OVERLAPS (date '1984-12-10', date '1984-12-20')) AS around
FROM contact;

-- 33. compared with other date types and a column
SELECT count(*) FILTER (WHERE birth_date < timestamp '1971-04-25 00:00:01') AS before_second,
       count(*) FILTER (WHERE birth_date > timestamptz '2000-01-01 00:00+00') AS this_century,
       count(*) FILTER (WHERE birth_date < c.created_at) AS born_before_entry
FROM contact c;

-- 34. extremes
SELECT min(birth_date), max(birth_date), max(birth_date) - min(birth_date) AS span FROM contact;

-- 35. decades
SELECT extract(year FROM birth_date)::int / 10 * 10 AS decade, count(*)
FROM contact WHERE birth_date IS NOT NULL
GROUP BY 1 ORDER BY 1;

------------------------------------------------------------------------------------------------------------------------
-- D. Numbers

-- 36. arithmetic
SELECT salary * 1.05 AS raised, salary / 12 AS monthly, salary + 100 AS plus, salary - 0.5 AS minus, salary % 1000 AS rest,
       -salary AS negative, abs(salary - 50000) AS distance
FROM contact WHERE id IN (42, 77) ORDER BY id;

-- 37. rounding and casts
SELECT round(salary), round(salary, -3), trunc(salary / 7, 3), ceil(salary), floor(salary / 1000),
       salary::int, salary::text, salary::numeric(12,1), salary::float8
FROM contact WHERE id IN (42, 77) ORDER BY id;

-- 38. aggregates
SELECT count(salary), sum(salary), round(avg(salary), 2) AS average, min(salary), max(salary),
       round(stddev_samp(salary), 4) AS deviation
FROM contact;

-- 39. aggregates that filter, and percentiles
SELECT sum(salary) FILTER (WHERE birth_date < '1960-01-01') AS older,
       avg(salary) FILTER (WHERE last_name = 'Łoś')::numeric(12,2) AS los,
       percentile_disc(0.5) WITHIN GROUP (ORDER BY salary) AS median,
       mode() WITHIN GROUP (ORDER BY last_name COLLATE "C") AS commonest_name
FROM contact;

-- 40. ranges
SELECT id, salary FROM contact WHERE salary BETWEEN 48000 AND 48300 ORDER BY salary, id;

-- 41. compared with integers, floats and another table's plain numeric
SELECT count(*) FILTER (WHERE salary > 100000) AS over_integer,
       count(*) FILTER (WHERE salary > 100000.5::float8) AS over_float,
       count(*) FILTER (WHERE salary < (SELECT avg(amount) / 2 FROM deal)) AS under_half_mean_deal
FROM contact;

-- 42. to_char
SELECT to_char(salary, 'FM999990.00') AS plain, to_char(salary, '000000.0') AS padded FROM contact WHERE id IN (42, 77) ORDER BY id;

-- 43. width_bucket, greatest, least
SELECT width_bucket(salary, 0, 120000, 6) AS band, count(*), min(greatest(salary, 30000)) AS lowest, max(least(salary, 90000)) AS highest
FROM contact WHERE salary IS NOT NULL
GROUP BY 1 ORDER BY 1;

------------------------------------------------------------------------------------------------------------------------
-- E. Text

-- 44. functions
SELECT lower(last_name), upper(first_name), length(last_name), first_name || ' ' || last_name AS name, substr(email, 1, 5),
       initcap(email), split_part(email, '@', 2) AS domain, octet_length(last_name) AS bytes
FROM contact WHERE id IN (42, 77) ORDER BY id;

-- 45. more functions
SELECT left(last_name, 2), right(last_name, 2), lpad(last_name, 8, '.'), reverse(first_name), replace(phone, ' ', '') AS dial,
       trim(both 'M' FROM first_name), translate(last_name, 'óś', 'os'), overlay(email PLACING '***' FROM 2 FOR 4) AS veiled,
       repeat(first_name, 2), ascii(last_name)
FROM contact WHERE id IN (42, 77) ORDER BY id;

-- 46. concatenation of all kinds
SELECT concat(first_name, ' ', last_name, ' ', birth_date), concat_ws(', ', last_name, first_name, phone, salary),
       'born ' || birth_date AS born, 'earns ' || salary AS earns, format('%s %I %L', first_name, last_name, email)
FROM contact WHERE id IN (42, 77) ORDER BY id;

-- 47. regular expression functions
SELECT regexp_replace(phone, '[^0-9+]', '', 'g') AS digits, (regexp_match(email, '@(.*)$'))[1] AS host,
       regexp_split_to_array(email, '[.@]') AS parts, substring(phone FROM '\+(\d\d)') AS prefix
FROM contact WHERE id IN (42, 77) ORDER BY id;

-- 48. hashes and encodings
SELECT md5(email), encode(sha256(convert_to(last_name, 'UTF8')), 'hex') AS sha, quote_literal(last_name), quote_ident(first_name)
FROM contact WHERE id IN (42, 77) ORDER BY id;

-- 49. coalesce, nullif, CASE
SELECT id, coalesce(phone, 'no phone') AS phone, coalesce(allergies, notes.first, '-') AS health, nullif(first_name, 'Mario') AS other_name,
       CASE WHEN last_name < 'M' THEN 'first half' WHEN last_name IS NULL THEN 'none' ELSE last_name END AS half,
       CASE source WHEN 'fair' THEN last_name WHEN 'webform' THEN email ELSE '?' END AS by_source
FROM contact c
LEFT JOIN LATERAL (SELECT min(a.notes COLLATE "C") AS first FROM activity a WHERE a.contact_id = c.id) AS notes ON true
WHERE id IN (1, 2, 42, 77) ORDER BY id;

-- 50. coalesce over dates and numbers
SELECT id, coalesce(birth_date, '1900-01-01') AS born, coalesce(salary, 0) AS pay, coalesce(salary::text, 'unknown') AS pay_text
FROM contact WHERE id <= 8 ORDER BY id;

-- 51. ordered by name, in the database's own collation
SELECT id, last_name, first_name FROM contact ORDER BY last_name, first_name, id LIMIT 10;

-- 52. ordered by name, backwards, further down
SELECT id, last_name, first_name FROM contact ORDER BY last_name DESC, first_name DESC, id LIMIT 10 OFFSET 40;

-- 53. ordered by an expression and by a pinned collation, nulls first
SELECT id, allergies, lower(last_name) AS key FROM contact
WHERE id BETWEEN 40 AND 80 AND (allergies IS NOT NULL OR id % 13 = 0)
ORDER BY allergies COLLATE "C" NULLS FIRST, length(last_name) DESC, id;

-- 54. casts
SELECT last_name::varchar, email::text, email::varchar(5), first_name::char(3), CAST(phone AS text), email::bytea
FROM contact WHERE id = 77;

------------------------------------------------------------------------------------------------------------------------
-- F. Documents

-- 55. -> and ->>
SELECT preferences -> 'hours' AS hours, preferences ->> 'language' AS language, preferences #>> '{hours,from}' AS starts,
       (preferences -> 'hours' ->> 'to')::int + 1 AS after, preferences -> 'channels' -> 0 AS first_channel
FROM contact WHERE id IN (42, 77) ORDER BY id;

-- 56. @>, ?, ?|, ?&
SELECT count(*) FILTER (WHERE preferences @> '{"language": "pl"}')              AS polish,
       count(*) FILTER (WHERE preferences @> '{"tags": ["vip"]}')               AS vip,
       count(*) FILTER (WHERE preferences ? 'tags')                             AS tagged,
       count(*) FILTER (WHERE preferences -> 'channels' ? 'post')               AS by_post,
       count(*) FILTER (WHERE preferences ?| ARRAY['tags', 'nothing'])          AS either,
       count(*) FILTER (WHERE preferences ?& ARRAY['tags', 'hours'])            AS both
FROM contact;

-- 57. conditions on values
SELECT preferences ->> 'language' AS language, count(*), count(*) FILTER (WHERE (preferences ->> 'newsletter')::boolean) AS subscribed
FROM contact
GROUP BY preferences ->> 'language'
ORDER BY (preferences ->> 'language') COLLATE "C" NULLS LAST;

-- 58. taken apart
SELECT c.id, e.ordinality, e.value
FROM contact c, jsonb_array_elements(c.preferences -> 'tags') WITH ORDINALITY AS e
WHERE c.id IN (42, 77)
ORDER BY c.id, e.ordinality;

-- 59. keys and pairs
SELECT key, value FROM contact, jsonb_each_text(preferences) WHERE id = 42 ORDER BY key COLLATE "C";

-- 60. combined and cut
SELECT preferences || '{"language": "en", "checked": true}' AS merged, preferences - 'hours' - 'channels' AS cut,
       preferences #- '{tags,0}' AS first_tag_gone, jsonb_set(preferences, '{hours,from}', '7') AS earlier
FROM contact WHERE id = 77;

-- 61. paths
SELECT count(*) FILTER (WHERE preferences @? '$.hours ? (@.from < 9)') AS early, count(*) FILTER (WHERE preferences @@ '$.hours.to > 18') AS late,
       max((jsonb_path_query_first(preferences, '$.hours.to'))::int) AS latest
FROM contact;

-- 62. equality and length
SELECT count(*) FROM contact
WHERE jsonb_array_length(preferences -> 'channels') = 1
  AND preferences = jsonb_build_object('language', 'it', 'newsletter', true, 'channels', '["email"]'::jsonb,
                                       'hours', '{"from": 9, "to": 17}'::jsonb);

-- 63. changed in place
UPDATE contact SET preferences = jsonb_set(preferences, '{newsletter}', 'false') WHERE id = 42
RETURNING id, preferences;

-- 64. changed by concatenation, and by subscript
UPDATE contact SET preferences = preferences || '{"language": "de"}' WHERE email = 'mario.rossi@example.it' RETURNING preferences ->> 'language' AS now_speaks;
UPDATE contact SET preferences['language'] = '"it"' WHERE id = 42 RETURNING preferences['language'] AS language;

-- 65. a row as a document
SELECT to_jsonb(c) FROM contact c WHERE id = 42;
SELECT row_to_json(t) FROM (SELECT id, last_name, birth_date, salary, preferences FROM contact WHERE id = 77) AS t;

-- 66. documents built from columns
SELECT jsonb_build_object('name', first_name || ' ' || last_name, 'mail', email, 'born', birth_date, 'pay', salary, 'likes', preferences -> 'tags')
FROM contact WHERE id IN (42, 77) ORDER BY id;
SELECT jsonb_pretty(jsonb_agg(jsonb_build_object('id', id, 'city', billing_address ->> 'city', 'to', billing_name) ORDER BY id))
FROM invoice WHERE contact_id IN (42, 77);

------------------------------------------------------------------------------------------------------------------------
-- G. Joins

-- 67. inner
SELECT c.last_name, c.first_name, a.name, a.city FROM contact c JOIN account a ON a.id = c.account_id
WHERE a.country = 'PL' AND a.city = 'Łódź' AND c.birth_date > '1995-01-01'
ORDER BY c.last_name, c.first_name, c.id;

-- 68. left, three deep
SELECT c.id, c.last_name, a.id AS activity, a.subject, n.body
FROM contact c
LEFT JOIN activity a ON a.contact_id = c.id
LEFT JOIN note n ON n.activity_id = a.id
WHERE c.email = 'mario.rossi@example.it'
ORDER BY a.id, n.id;

-- 69. the same address in two tables, varchar on one side, text on the other
SELECT c.id AS contact, l.id AS lead, c.email, l.status FROM contact c JOIN lead l ON l.email = c.email ORDER BY c.id LIMIT 8;

-- 70. self join on the phone: people behind one switchboard
SELECT a.phone, a.last_name AS one, b.last_name AS other
FROM contact a JOIN contact b ON b.phone = a.phone AND b.id > a.id
WHERE a.account_id = b.account_id
ORDER BY a.phone COLLATE "C", a.id, b.id LIMIT 8;

-- 71. self join on the mail's domain and the birth date
SELECT a.id, b.id AS other, a.birth_date, split_part(a.email, '@', 2) AS domain
FROM contact a JOIN contact b ON split_part(b.email, '@', 2) = split_part(a.email, '@', 2) AND b.birth_date = a.birth_date AND b.id > a.id
WHERE a.birth_date < '1952-01-01'
ORDER BY a.id, b.id LIMIT 8;

-- 72. mails joined to people by address alone
SELECT c.id, count(*) AS mails, max(e.sent_at) AS last
FROM contact c JOIN email e ON e.sender = c.email OR e.recipient = c.email
WHERE c.id IN (42, 77)
GROUP BY c.id ORDER BY c.id;

-- 73. natural join names, USING
SELECT count(*) FROM contact JOIN lead USING (first_name, last_name);

-- 74. full join
SELECT count(*) AS names, count(c.last_name) AS of_contacts, count(l.last_name) AS of_leads
FROM (SELECT DISTINCT last_name FROM contact) AS c FULL JOIN (SELECT DISTINCT last_name FROM lead) AS l ON l.last_name = c.last_name;

-- 75. LATERAL: the last mail of each
SELECT c.id, c.last_name, m.sent_at, m.subject
FROM contact c
CROSS JOIN LATERAL (SELECT sent_at, subject FROM email e WHERE e.contact_id = c.id ORDER BY sent_at DESC, id LIMIT 1) AS m
WHERE c.last_name IN ('Rossi', 'Wójcik')
ORDER BY m.sent_at DESC, c.id LIMIT 6;

-- 76. EXISTS and NOT EXISTS
SELECT count(*) FROM contact c
WHERE EXISTS (SELECT FROM invoice i WHERE i.contact_id = c.id AND i.billing_name = c.first_name || ' ' || c.last_name)
  AND NOT EXISTS (SELECT FROM lead l WHERE l.email = c.email);

-- 77. IN and NOT IN of a subquery
SELECT count(*) FILTER (WHERE email IN (SELECT email FROM lead)) AS also_leads,
       count(*) FILTER (WHERE first_name NOT IN (SELECT first_name FROM lead WHERE id <= 300)) AS names_few_leads_have
FROM contact;

-- 78. a scalar subquery
SELECT id, last_name, salary FROM contact WHERE salary = (SELECT max(salary) FROM contact) ORDER BY id;

------------------------------------------------------------------------------------------------------------------------
-- H. Groups, sets, windows

-- 79. group by name, having
SELECT last_name, count(*) FROM contact GROUP BY last_name HAVING count(*) > 45 ORDER BY count(*) DESC, last_name;

-- 80. group by several, one an expression
SELECT last_name, left(first_name, 1) AS initial, count(*), min(birth_date), sum(salary)
FROM contact WHERE last_name LIKE 'Ż%' OR last_name LIKE 'Ź%'
GROUP BY last_name, left(first_name, 1)
ORDER BY last_name, left(first_name, 1) COLLATE "C";

-- 81. DISTINCT, count(DISTINCT)
SELECT DISTINCT first_name FROM contact WHERE last_name = 'Müller' ORDER BY first_name LIMIT 10;
SELECT count(DISTINCT last_name) AS names, count(DISTINCT (last_name, first_name)) AS full_names, count(DISTINCT birth_date) AS days,
       count(DISTINCT salary) AS pays, count(DISTINCT preferences) AS wishes
FROM contact;

-- 82. DISTINCT ON: the youngest of each name
SELECT DISTINCT ON (last_name) last_name, first_name, birth_date
FROM contact WHERE birth_date IS NOT NULL AND last_name < 'Bo'
ORDER BY last_name, birth_date DESC, id;

-- 83. UNION of two kinds of person
SELECT last_name, first_name, email FROM contact WHERE last_name = 'Żółć' AND birth_date > '1980-01-01'
UNION
SELECT last_name, first_name, email FROM lead WHERE last_name = 'Żółć'
ORDER BY last_name, first_name, email;

-- 84. UNION ALL with a literal, and with NULL
SELECT 'contact' AS what, phone, birth_date FROM contact WHERE id = 42
UNION ALL SELECT 'lead', phone, NULL FROM lead WHERE id = 3
UNION ALL SELECT 'nobody', 'none', '2000-01-01'
ORDER BY what;

-- 85. INTERSECT, EXCEPT
SELECT count(*) FROM (SELECT email FROM contact INTERSECT SELECT email FROM lead) AS both_kinds;
SELECT first_name FROM lead EXCEPT SELECT first_name FROM contact WHERE id <= 800 ORDER BY first_name;

-- 86. GROUPING SETS
SELECT last_name, preferences ->> 'language' AS language, grouping(last_name) AS g, count(*), max(birth_date)
FROM contact WHERE last_name IN ('Rossi', 'Groß', 'Łoś')
GROUP BY GROUPING SETS ((last_name), (preferences ->> 'language'), ())
ORDER BY grouping(last_name), last_name NULLS LAST, (preferences ->> 'language') COLLATE "C" NULLS LAST, count(*);

-- 87. ROLLUP over a join
SELECT a.country, c.last_name, count(*) FROM contact c JOIN account a ON a.id = c.account_id
WHERE c.last_name IN ('Bąk', 'Bœuf')
GROUP BY ROLLUP (a.country, c.last_name)
ORDER BY a.country COLLATE "C" NULLS LAST, c.last_name NULLS LAST;

-- 88. windows: row_number and lag
SELECT id, last_name, birth_date,
       row_number() OVER (PARTITION BY last_name ORDER BY birth_date, id) AS seniority,
       birth_date - lag(birth_date) OVER (PARTITION BY last_name ORDER BY birth_date, id) AS days_after
FROM contact
WHERE last_name IN ('d''Ormesson', 'Ćwikła') AND birth_date > '1985-01-01'
ORDER BY last_name, seniority;

-- 89. windows: rank, ntile, running total, first value
SELECT id, salary, rank() OVER w AS rank, ntile(3) OVER w AS third, sum(salary) OVER w AS running, first_value(first_name) OVER w AS best_paid
FROM contact WHERE last_name = 'Źrebiec' AND salary IS NOT NULL
WINDOW w AS (ORDER BY salary DESC, id)
ORDER BY rank LIMIT 8;

-- 90. string_agg, array_agg, json_agg, ordered
SELECT account_id, string_agg(last_name, '; ' ORDER BY last_name, id) AS names, array_agg(email ORDER BY id) AS mails,
       array_agg(birth_date ORDER BY birth_date, id) AS days, json_agg(salary ORDER BY id) AS pays
FROM contact WHERE account_id IN (17, 23)
GROUP BY account_id ORDER BY account_id;

-- 91. arrays made of columns
SELECT ARRAY[first_name, last_name] AS names, ARRAY(SELECT subject FROM activity a WHERE a.contact_id = c.id ORDER BY a.id) AS subjects,
       last_name = ANY (string_to_array('Rossi,Bianchi', ',')) AS known
FROM contact c WHERE id IN (42, 77) ORDER BY id;

------------------------------------------------------------------------------------------------------------------------
-- I. Common table expressions, views, functions

-- 92. a CTE used twice
WITH veterans AS (SELECT id, last_name, birth_date FROM contact WHERE birth_date < '1945-03-01')
SELECT v.*, (SELECT count(*) FROM veterans) AS of_them FROM veterans v ORDER BY v.birth_date, v.id LIMIT 5;

-- 93. recursive: from Mario to the next birthday, six times
WITH RECURSIVE chain AS (
    SELECT 1 AS step, id, last_name, birth_date FROM contact WHERE id = 42
    UNION ALL
    SELECT step + 1, n.id, n.last_name, n.birth_date
    FROM chain
    CROSS JOIN LATERAL (SELECT id, last_name, birth_date FROM contact c
                        WHERE (c.birth_date, c.id) > (chain.birth_date, chain.id)
                        ORDER BY c.birth_date, c.id LIMIT 1) AS n
    WHERE step < 6
)
SELECT * FROM chain ORDER BY step;

-- 94. a CTE that is materialised
WITH m AS MATERIALIZED (SELECT last_name AS name, salary FROM contact WHERE salary > 119000)
SELECT name, salary FROM m WHERE name > 'L' ORDER BY salary DESC, name LIMIT 5;

-- 95. views
SELECT * FROM contact_directory WHERE email = 'lucja.wojcik@example.pl';
SELECT full_name, birth_year, language, company FROM contact_directory WHERE city = 'Toruń' AND last_name < 'C' ORDER BY full_name, id LIMIT 5;
SELECT contact_id, last_name, invoices, revenue, last_invoice FROM contact_revenue ORDER BY revenue DESC, contact_id LIMIT 5;
SELECT contact_id, last_name, invoices, revenue, last_invoice FROM contact_revenue WHERE contact_id IN (42, 77) ORDER BY contact_id;

-- 96. functions over columns
SELECT full_name(first_name, last_name), c.display_name FROM contact c WHERE full_name(first_name, last_name) LIKE 'Rossi, M%' ORDER BY id;

-- 97. functions that return rows
SELECT id, first_name, last_name, birth_date, salary FROM contact_by_email('mario.rossi@example.it');
SELECT * FROM company_people(17);

-- 98. the whole row, and its comparison with NULL
SELECT c FROM contact c WHERE id = 42;
SELECT count(*) FILTER (WHERE c IS NOT NULL) AS complete, count(*) FILTER (WHERE allergies IS NULL) AS healthy FROM contact c;

------------------------------------------------------------------------------------------------------------------------
-- J. Cursors and transactions

-- 99. a cursor to scroll
BEGIN;
DECLARE people SCROLL CURSOR FOR
    SELECT id, last_name, first_name, birth_date FROM contact WHERE last_name >= 'Ł' ORDER BY last_name, first_name, id;
FETCH 3 FROM people;
MOVE 10 IN people;
FETCH NEXT FROM people;
FETCH BACKWARD 2 FROM people;
MOVE LAST IN people;
FETCH RELATIVE 0 FROM people;
CLOSE people;
COMMIT;

-- 100. a cursor that outlives its transaction
BEGIN;
DECLARE held CURSOR WITH HOLD FOR SELECT email, salary, preferences -> 'tags' AS tags FROM contact WHERE id IN (42, 77) ORDER BY id;
COMMIT;
FETCH ALL FROM held;
CLOSE held;

-- 101. positioned update, by WHERE CURRENT OF
BEGIN;
DECLARE to_change CURSOR FOR SELECT id, phone FROM contact WHERE id = 1 FOR UPDATE;
FETCH to_change;
UPDATE contact SET phone = '+48 22 000 00 01' WHERE CURRENT OF to_change;
CLOSE to_change;
SELECT id, phone FROM contact WHERE id = 1;
ROLLBACK;

-- 102. SAVEPOINT, ROLLBACK TO
BEGIN;
UPDATE contact SET last_name = 'Bianchi' WHERE id = 42;
SAVEPOINT before_mistake;
UPDATE contact SET last_name = upper(last_name), salary = salary + 1 WHERE id IN (42, 77);
SELECT id, last_name, salary FROM contact WHERE id IN (42, 77) ORDER BY id;
ROLLBACK TO SAVEPOINT before_mistake;
SELECT id, last_name, salary FROM contact WHERE id IN (42, 77) ORDER BY id;
ROLLBACK;

-- 103. row locks
BEGIN;
SELECT id, email FROM contact WHERE email = 'mario.rossi@example.it' FOR UPDATE;
SELECT id FROM contact WHERE last_name = 'Brzęczyszczykiewicz' ORDER BY id LIMIT 2 FOR SHARE SKIP LOCKED;
COMMIT;

------------------------------------------------------------------------------------------------------------------------
-- K. Writing

-- 104. INSERT … RETURNING
INSERT INTO contact (account_id, first_name, last_name, email, phone, birth_date, salary, preferences, source, created_at)
VALUES (17, 'Niccolò', 'Dell''Acqua', 'niccolo.dellacqua.new@example.it', '+39 055 0009901', '1990-02-28', 41000, '{"language": "it"}', 'manual', '2026-11-24 09:00:00+00')
RETURNING id, first_name, last_name, email, birth_date, salary, preferences;

-- 105. several rows, with NULL and DEFAULT
INSERT INTO contact (first_name, last_name, email, phone, birth_date, salary, created_at)
VALUES ('Jürgen', 'Groß',    'juergen.gross.new@example.de', NULL,           DEFAULT,      52000.005, '2026-11-24 09:01:00+00'),
       ('Chloé',  'Lefèvre', 'chloe.lefevre.new@example.fr', DEFAULT,        '1988-08-08', NULL,      '2026-11-24 09:02:00+00'),
       ('Zażółć', 'Gęślik',  'zazolc.geslik.new@example.pl', '+48 22 000 1', '2001-12-31', 1e4,       '2026-11-24 09:03:00+00')
RETURNING *;

-- 106. with a prepared statement, untyped parameters
PREPARE add_lead AS
    INSERT INTO lead (first_name, last_name, email, phone, birth_date, status) VALUES ($1, $2, $3, $4, $5, $6)
    RETURNING id, first_name, last_name, email, phone, birth_date, status;
EXECUTE add_lead('Łukasz', 'Jaźwiński', 'lukasz.jazwinski.new@example.pl', NULL, '1979-07-07', 'new');
EXECUTE add_lead('Änne', 'Weiß', 'aenne.weiss.new@example.de', '+49 30 23125 999', NULL, 'contacted');

-- 107. in bulk
INSERT INTO lead (first_name, last_name, email, phone, company_name, birth_date, status)
SELECT 'Prospect', 'Numéro ' || g, format('prospect%s@example.fr', g), '+33 6 39 98 00 ' || lpad(g::text, 2, '0'), NULL,
       date '1980-01-01' + g * 100, 'new'
FROM generate_series(1, 50) AS g
ORDER BY g;
SELECT id, last_name, email, phone, birth_date FROM lead WHERE last_name LIKE 'Numéro 4%' ORDER BY id;

-- 108. ON CONFLICT DO NOTHING
INSERT INTO contact (first_name, last_name, email, created_at)
VALUES ('Mario', 'Rossi', 'mario.rossi@example.it', '2026-11-24 09:10:00+00')
ON CONFLICT (email) DO NOTHING
RETURNING id;

-- 109. ON CONFLICT DO UPDATE
INSERT INTO contact (first_name, last_name, email, phone, salary, created_at)
VALUES ('Mario', 'Rossi', 'mario.rossi@example.it', '+39 055 0004243', 49000, '2026-11-24 09:11:00+00'),
       ('Inès',  'Hébert', 'ines.hebert.new@example.fr', '+33 6 39 98 11 11', 39000, '2026-11-24 09:12:00+00')
ON CONFLICT (email) DO UPDATE
    SET phone = excluded.phone, salary = greatest(contact.salary, excluded.salary)
    WHERE contact.phone IS DISTINCT FROM excluded.phone
RETURNING id, last_name, phone, salary;

-- 110. UPDATE, plainly and with the old value
UPDATE contact SET salary = salary * 1.1 WHERE id = 77 RETURNING id, salary;
UPDATE contact SET first_name = first_name || ' Maria', birth_date = birth_date + 1 WHERE email = 'chloe.lefevre.new@example.fr'
RETURNING first_name, birth_date;

-- 111. UPDATE … FROM another table's labelled column
WITH changed AS (
    UPDATE lead l SET phone = c.phone, last_name = upper(c.last_name)
    FROM contact c
    WHERE c.email = l.email AND l.id BETWEEN 25 AND 150
    RETURNING l.id, l.last_name, l.phone
)
SELECT * FROM changed ORDER BY id;

-- 112. UPDATE with a subquery and several columns at once
UPDATE lead SET (first_name, birth_date) = (SELECT first_name, birth_date FROM contact WHERE id = 3) WHERE id = 1
RETURNING id, first_name, birth_date;

-- 113. CASE in an UPDATE, to NULL
WITH changed AS (
    UPDATE contact SET allergies = CASE WHEN id = 42 THEN NULL ELSE upper(allergies) END WHERE id IN (42, 77)
    RETURNING id, allergies
)
SELECT * FROM changed ORDER BY id;

-- 114. MERGE
MERGE INTO lead AS l
USING (VALUES ('Änne',  'Weiß-Groß', 'aenne.weiss.new@example.de', '+49 30 23125 998'),
              ('Rémi',  'Aubert',    'remi.aubert.new@example.fr', NULL)) AS s (first_name, last_name, email, phone)
ON l.email = s.email
WHEN MATCHED AND l.phone IS DISTINCT FROM s.phone THEN
    UPDATE SET last_name = s.last_name, phone = s.phone, status = 'qualified'
WHEN NOT MATCHED THEN
    INSERT (first_name, last_name, email, phone, status) VALUES (s.first_name, s.last_name, s.email, s.phone, 'new');
SELECT id, first_name, last_name, email, phone, status FROM lead WHERE email LIKE '%.new@example.%' ORDER BY id;

-- 115. MERGE from one labelled table into another
MERGE INTO contact AS c
USING (SELECT first_name, last_name, email, phone, birth_date FROM lead WHERE email = 'lukasz.jazwinski.new@example.pl') AS l
ON c.email = l.email
WHEN MATCHED THEN UPDATE SET phone = l.phone
WHEN NOT MATCHED THEN
    INSERT (first_name, last_name, email, phone, birth_date, source, created_at)
    VALUES (l.first_name, l.last_name, l.email, l.phone, l.birth_date, 'referral', '2026-11-24 10:00:00+00');
SELECT id, first_name, last_name, email, phone, birth_date, source FROM contact WHERE email LIKE 'lukasz.jazwinski.new@%';

-- 116. a CTE that writes: the mail and its activity in one statement
WITH new_activity AS (
    INSERT INTO activity (contact_id, kind, subject, happened_at, notes)
    SELECT id, 'call', 'Richiamo per ' || last_name, '2026-11-23 15:00:00+00', 'Chiamato al ' || phone FROM contact WHERE id = 42
    RETURNING id, contact_id, subject, notes
), new_note AS (
    INSERT INTO note (activity_id, body, written_at)
    SELECT id, subject || ': ' || notes, '2026-11-23 15:10:00+00' FROM new_activity
    RETURNING id, activity_id, body
)
SELECT a.id, a.contact_id, n.id AS note, n.body FROM new_activity a JOIN new_note n ON n.activity_id = a.id;

-- 117. INSERT … SELECT from one labelled table into another of other types
INSERT INTO email (contact_id, direction, sender, recipient, subject, body, sent_at)
SELECT id, 'out', 'office@example.com', email, 'Auguri, ' || first_name || '!', 'Tanti auguri per il ' || to_char(birth_date, 'DD/MM') || '.',
       '2026-04-25 06:00:00+00'
FROM contact WHERE id IN (42, 77) ORDER BY id
RETURNING id, contact_id, recipient, subject, body;

-- 118. DELETE … USING
WITH gone AS (
    DELETE FROM lead l USING contact c
    WHERE c.email = l.email AND l.email LIKE '%.new@example.%'
    RETURNING l.id, c.id AS contact, l.email
)
SELECT * FROM gone ORDER BY id;

-- 119. DELETE by pattern, counted into another table by a CTE
WITH gone AS (
    DELETE FROM lead WHERE last_name LIKE 'Numéro %' AND birth_date < '1985-01-01' RETURNING email
), kept AS (
    INSERT INTO account (name, city, country, created_on)
    SELECT 'Archive of ' || count(DISTINCT email) || ' leads', 'Paris', 'FR', '2026-11-24' FROM gone
    RETURNING name
)
SELECT name FROM kept;

-- 120. an activity shared by a contact and a lead is let go by one of them
WITH changed AS (
    UPDATE activity SET contact_id = NULL, notes = replace(notes, 'Mario', '…') WHERE id = 422 RETURNING id, contact_id, lead_id, notes
)
SELECT * FROM changed;

------------------------------------------------------------------------------------------------------------------------
-- L. Temporary tables and COPY

-- 121. a temporary copy, made by CREATE TABLE AS
CREATE TEMP TABLE mailing AS
    SELECT id, email, first_name || ' ' || last_name AS name, birth_date, salary, preferences FROM contact WHERE last_name = 'Łoś' AND salary IS NOT NULL
    ORDER BY id LIMIT 5;
ALTER TABLE mailing ADD PRIMARY KEY (email);
SELECT m.name, m.birth_date, c.phone FROM mailing m JOIN contact c ON c.email = m.email ORDER BY m.id;

-- 122. COPY a table TO STDOUT
COPY mailing TO STDOUT;

-- 123. COPY some columns of a table TO STDOUT, as CSV
COPY mailing (id, name, birth_date, salary) TO STDOUT WITH (FORMAT csv, HEADER);

-- 124. COPY of a query
COPY (SELECT id, first_name, last_name, email, phone, birth_date, allergies, salary, preferences FROM contact WHERE id IN (42, 77) ORDER BY id)
    TO STDOUT WITH (FORMAT csv, HEADER, FORCE_QUOTE (last_name));

-- 125. COPY of a table with labelled columns; all rows but one are put aside so that their order cannot show
BEGIN;
DELETE FROM note WHERE id <> 420;
COPY note TO STDOUT;
COPY note (id, body) TO STDOUT WITH (FORMAT csv);
ROLLBACK;

-- 126. COPY FROM STDIN, text
COPY contact (account_id, first_name, last_name, email, phone, birth_date, allergies, salary, preferences, source, created_at) FROM STDIN;
23	Świętosława	Zając	s.zajac.copy@example.pl	+48 22 000 12 12	1969-06-09	\N	31500.00	{"language": "pl", "newsletter": true}	import	2026-11-24 11:00:00+00
\N	Götz	von der Mühle	goetz.vondermuehle.copy@example.de	\N	\N	Nüsse und\tÄpfel	\N	\N	import	2026-11-24 11:00:01+00
17	Zoè	D'Angelo	zoe.dangelo.copy@example.it	+39 055 0009902	2000-02-29	\N	27000.5	{"tags": ["fair-2024"]}	import	2026-11-24 11:00:02+00
\.

-- 127. COPY FROM STDIN, CSV with quotes and an empty field
COPY lead (first_name, last_name, email, phone, status) FROM STDIN WITH (FORMAT csv);
Héloïse,"d'Ormesson, née Joly",heloise.dormesson.copy@example.fr,,new
"Uwe ""Charly""",Preuß,uwe.preuss.copy@example.de,+49 30 23125 111,contacted
\.

-- 128. what came in
SELECT id, account_id, first_name, last_name, email, phone, birth_date, allergies, salary, preferences FROM contact WHERE email LIKE '%.copy@example.%' ORDER BY id;
SELECT id, first_name, last_name, email, phone, status FROM lead WHERE email LIKE '%.copy@example.%' ORDER BY id;

-- 129. a temporary table like the real one
CREATE TEMP TABLE contact_import (LIKE contact INCLUDING DEFAULTS);
INSERT INTO contact_import SELECT * FROM contact WHERE id IN (42, 77) ORDER BY id;
UPDATE contact_import SET salary = 1234567.891 / 100 WHERE id = 42;
SELECT i.id, i.last_name, i.salary, i.salary = c.salary AS same_pay, i.email = c.email AS same_mail, i.preferences = c.preferences AS same_wishes
FROM contact_import i JOIN contact c USING (id) ORDER BY id;

-- 130. an index of its own, and a search through it
CREATE INDEX ON mailing (birth_date, name);
ANALYZE mailing;
SELECT name FROM mailing WHERE birth_date > '1950-01-01' ORDER BY birth_date, name;

------------------------------------------------------------------------------------------------------------------------
-- M. Errors an application meets. Rows that must not get in bring their own ids, so that no identity value is spent.

-- 131. the address is taken
INSERT INTO contact (id, first_name, last_name, email, created_at)
VALUES (900001, 'Mario', 'Rossi', 'mario.rossi@example.it', '2026-11-24 12:00:00+00');

-- 132. the address becomes one that is taken
UPDATE contact SET email = 'lucja.wojcik@example.pl' WHERE id = 42;

-- 133. 121 characters where 120 fit; 120 do
INSERT INTO contact (id, first_name, last_name, email, created_at)
VALUES (900002, 'Too', 'Long', repeat('x', 109) || '@example.com', '2026-11-24 12:00:00+00');
UPDATE contact SET email = 'long.' || repeat('x', 104) || '@example.com' WHERE id = 1;
UPDATE contact SET email = repeat('x', 108) || '@example.com' WHERE id = 1 RETURNING length(email);

-- 134. not a date; a day that never was
INSERT INTO contact (id, first_name, last_name, email, birth_date, created_at)
VALUES (900003, 'No', 'Date', 'no.date@example.com', 'tomorrowish', '2026-11-24 12:00:00+00');
SELECT id FROM contact WHERE birth_date = '2023-02-29';

-- 135. a number too large; not a number
UPDATE contact SET salary = 123456789.00 WHERE id = 42;
UPDATE contact SET salary = 'a lot' WHERE id = 42;

-- 136. CHECK constraints
INSERT INTO contact (id, first_name, last_name, email, created_at)
VALUES (900004, 'No', 'At', 'no.at.example.com', '2026-11-24 12:00:00+00');
UPDATE contact SET salary = -1 WHERE id = 42;
INSERT INTO email (id, direction, sender, recipient, sent_at) VALUES (900001, 'in', 'nobody', 'office@example.com', '2026-11-24 12:00:00+00');
INSERT INTO activity (id, kind, subject, happened_at) VALUES (900001, 'call', 'With no one', '2026-11-24 12:00:00+00');

-- 137. NOT NULL constraints
INSERT INTO contact (id, last_name, email, created_at) VALUES (900005, 'Nameless', 'nameless@example.com', '2026-11-24 12:00:00+00');
UPDATE contact SET email = NULL WHERE id = 42;

-- 138. foreign keys
INSERT INTO note (id, activity_id, body, written_at) VALUES (900001, 999999, 'about nothing', '2026-11-24 12:00:00+00');
INSERT INTO invoice (id, contact_id, number, billing_name, billing_address, amount, issued_on)
SELECT 900001, id, 'INV-2026-90001', first_name || ' ' || last_name, NULL, 12.50, '2026-11-24'
FROM contact WHERE email = 'niccolo.dellacqua.new@example.it'
RETURNING number, billing_name;
DELETE FROM contact WHERE email = 'niccolo.dellacqua.new@example.it';

-- 139. a document that is none; a path that leads nowhere
UPDATE contact SET preferences = '{"language": ' WHERE id = 42;
UPDATE contact SET preferences = jsonb_set(preferences, '{hours,from}', 'early') WHERE id = 42;

-- 140. casts and sums that fail on the values
SELECT last_name::int FROM contact WHERE id = 42;
SELECT salary / 0 FROM contact WHERE id = 42;
SELECT phone::date FROM contact WHERE id = 42;

-- 141. COPY with a bad line brings nothing in
COPY lead (id, first_name, last_name, email, birth_date, status) FROM STDIN;
900001	Good	Line	good.line@example.com	1990-01-01	new
900002	Bad	Line	bad.line@example.com	1990-13-01	new
\.
SELECT count(*) FROM lead WHERE id > 900000;

-- 142. an error inside a transaction, and the way out
BEGIN;
SAVEPOINT attempt;
INSERT INTO contact (id, first_name, last_name, email, created_at)
VALUES (900006, 'Again', 'Mario', 'mario.rossi@example.it', '2026-11-24 12:00:00+00');
SELECT 'not heard' AS answer;
ROLLBACK TO SAVEPOINT attempt;
UPDATE contact SET source = 'manual' WHERE email = 'mario.rossi@example.it' RETURNING id, source;
COMMIT;

-- 143. what an application may not do
TRUNCATE contact;
ALTER TABLE contact DROP COLUMN allergies;
CREATE TABLE crm.copied (email text);

-- 144. a column and a function that do not exist
SELECT surname FROM contact;
SELECT no_such_function(id) FROM contact;

------------------------------------------------------------------------------------------------------------------------
-- N. What stands at the end

-- 145. every table, its rows and a digest of its texts, in key order
SELECT 'contact' AS table_name, count(*), md5(string_agg(concat_ws('|', id, first_name, last_name, email, phone, birth_date, allergies, salary, preferences), E'\n' ORDER BY id)) AS digest FROM contact
UNION ALL
SELECT 'lead', count(*), md5(string_agg(concat_ws('|', id, first_name, last_name, email, phone, birth_date, status), E'\n' ORDER BY id)) FROM lead
UNION ALL
SELECT 'activity', count(*), md5(string_agg(concat_ws('|', id, contact_id, lead_id, kind, subject, notes), E'\n' ORDER BY id)) FROM activity
UNION ALL
SELECT 'note', count(*), md5(string_agg(concat_ws('|', id, activity_id, body), E'\n' ORDER BY id)) FROM note
UNION ALL
SELECT 'email', count(*), md5(string_agg(concat_ws('|', id, contact_id, lead_id, sender, recipient, subject, body), E'\n' ORDER BY id)) FROM email
UNION ALL
SELECT 'invoice', count(*), md5(string_agg(concat_ws('|', id, contact_id, number, billing_name, billing_address, amount), E'\n' ORDER BY id)) FROM invoice
UNION ALL
SELECT 'deal', count(*), md5(string_agg(concat_ws('|', id, account_id, contact_id, title, amount), E'\n' ORDER BY id)) FROM deal
ORDER BY table_name;

-- 146. Mario, at the end of the day
SELECT first_name, last_name, email, phone, birth_date, allergies, salary, preferences, source FROM contact WHERE id = 42;

DEALLOCATE ALL;
