-- gdpr.report_html(): one page, well-formed, that names nobody and loads nothing.
SET client_min_messages = warning;
CREATE SCHEMA rp;
CREATE ROLE rp_officer IN ROLE gdpr_officer;
CREATE ROLE rp_app;
GRANT USAGE ON SCHEMA rp TO rp_officer;
CREATE TABLE rp.person (id int PRIMARY KEY, email text, health text, boss int REFERENCES rp.person);
CREATE TABLE rp."order <b>&" (id int PRIMARY KEY, person_id int REFERENCES rp.person, "note""<script>" text);
CREATE TABLE rp.ticket (id int PRIMARY KEY, agent int REFERENCES rp.person);
CREATE TABLE rp.letter (id int PRIMARY KEY, sender int REFERENCES rp.person, receiver int REFERENCES rp.person);
SECURITY LABEL FOR gdpr ON TABLE rp.person IS 'subject';
SECURITY LABEL FOR gdpr ON COLUMN rp.person.email IS 'personal, identifier, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN rp.person.health IS 'sensitive';
SECURITY LABEL FOR gdpr ON TABLE rp.ticket IS 'accessed(agent)';
SECURITY LABEL FOR gdpr ON COLUMN rp."order <b>&"."note""<script>" IS 'personal';
INSERT INTO rp.person VALUES (7041, 'secret@example.it', 'well');
INSERT INTO gdpr.controller (name, contact) VALUES ('Rossi <i>& Figli', 'Via "Po" 1');
INSERT INTO gdpr.purpose (name, description, basis) VALUES ('rp_news', '<img src=x onerror=alert(1)>', 'consent');
RESET client_min_messages;

SET ROLE rp_officer;
SELECT gdpr.open_request('access', NULL, NULL, contact => 'secret-contact') > 0 AS opened;
SELECT gdpr.open_breach('lost <u>disk</u>', now() - interval '100 hours', '(,)') > 0 AS opened;
CREATE TEMP TABLE page AS SELECT gdpr.report_html() AS html;
SELECT html LIKE '<!DOCTYPE html>%</html>%' AS whole, html LIKE '%<html lang="en">%' AS lang, html LIKE '%default-src ''none''%' AS loads_nothing FROM page;
-- The page but for what HTML leaves open is XML.
SELECT xml_is_well_formed_document(regexp_replace(regexp_replace(html, '<!DOCTYPE html>', ''), '<(meta[^>]*)>', '<\1/>', 'g')) FROM page;
SELECT unnest(xpath('//h2/text()', xmlparse(DOCUMENT regexp_replace(regexp_replace(html, '<!DOCTYPE html>', ''), '<(meta[^>]*)>', '<\1/>', 'g')))) AS section FROM page;
-- Every name and text is text.
SELECT html ~ '<script>' AS script, html ~ '<img' AS img, html ~ '<i>' AS i, html ~ '<u>' AS u, html ~ '<b>' AS b FROM page;
SELECT html LIKE '%rp.&quot;order &lt;b&gt;&amp;&quot;%' AS relation, html LIKE '%personal: note&quot;&lt;script&gt;%' AS "column",
       html LIKE '%&lt;img src=x onerror=alert(1)&gt;%' AS purpose, html LIKE '%lost &lt;u&gt;disk&lt;/u&gt;%' AS breach FROM page;
-- Nobody is named; links and loads are none.
SELECT html ~ 'secret' AS named, html ~ '7041' AS key, html ~* '<[^>]*(src|href)=' AS loads FROM page;
SELECT html ~ 'It could not be told' AS failed FROM page;
SELECT html LIKE '%<td>-28.0</td>%' AS clock, html ~ 'class="undecided"' AS undecided, html ~ 'class="accessed"' AS accessed, html ~ 'stroke-dasharray' AS dashed FROM page;
DROP TABLE page;
-- Attack: the application reads the report.
SET ROLE rp_app;
SELECT gdpr.report_html();
RESET ROLE;

SET client_min_messages = warning;
TRUNCATE gdpr.request, gdpr.request_event, gdpr.breach, gdpr.breach_event, gdpr.controller, gdpr.outbox;
DELETE FROM gdpr.purpose;
DROP SCHEMA rp CASCADE;
DROP ROLE rp_officer, rp_app;
