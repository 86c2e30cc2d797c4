-- Writes the sample data, one UTF-8 CSV file with header per table, into a directory:
--     psql -X -v ON_ERROR_STOP=1 -v dir=/path/to/csv -f generate.sql
--
-- Any UTF-8 database will do: everything is made in temporary tables and gone afterwards. Every choice is a throw of
-- dice() whose outcome depends on its arguments alone, and every date is fixed, so the files are always the same.
--
-- All people and companies are invented. Mail domains are reserved example domains; German and French phone numbers
-- come from the ranges reserved for fiction, Italian and Polish ones have a subscriber part that is not given out.
--
-- Two contacts are fixed, with all that belongs to them, for use in examples and tests:
--     42  Mario Rossi    mario.rossi@example.it    activities 42, 420, 421 and 422 (the last shared with lead 300),
--                                                  notes 42, 420 to 422, mails 42, 420 to 423, deals 42 and 420,
--                                                  one invoice of 2015 and one of 2025
--     77  Łucja Wójcik   lucja.wojcik@example.pl   activities 77, 770 and 771, notes 77, 770 and 771,
--                                                  mails 77, 770 to 772, deal 77, one invoice of 2014 and one of 2024

\set ON_ERROR_STOP on
SET client_encoding = 'UTF8';
SET DateStyle = 'ISO, YMD';
SET TimeZone = 'UTC';
SET client_min_messages = warning;
SET search_path = pg_temp, pg_catalog;

\cd :dir

BEGIN;

------------------------------------------------------------------------------------------------------------------------
-- Dice and words

-- A whole number from 0 to sides - 1, always the same for the same salt and n.
CREATE FUNCTION pg_temp.dice(salt text, n integer, sides integer) RETURNS integer
    LANGUAGE sql IMMUTABLE
    AS $$ SELECT (('x' || substr(md5(salt || ':' || n), 1, 8))::bit(32)::bigint % sides)::integer $$;

CREATE TEMP TABLE vocabulary (country text, kind text, words text[], PRIMARY KEY (country, kind));

INSERT INTO vocabulary
SELECT country, kind, string_to_array(words, '|')
FROM (VALUES
    ('IT', 'male',    'Mario|Luca|Marco|Niccolò|Giosuè|Matteo|Alessandro|Andrea|Francesco|Davide|Simone|Lorenzo|Nicolò|Riccardo|Pietro|Gabriele|Tommaso|Giovanni|Antonio|Salvatore|Paolo|Stefano|Enrico|Michele'),
    ('IT', 'female',  'Giulia|Chiara|Francesca|Sara|Martina|Alice|Elena|Noemi|Valentina|Federica|Ilaria|Beatrice|Lucia|Anna|Mariarosà|Caterina|Silvia|Paola|Roberta|Monica|Niccolina|Zoè|Giosetta|Irene'),
    ('IT', 'surname', 'Rossi|Russo|Ferrari|Esposito|Bianchi|Romano|Colombo|Ricci|Marino|Greco|Bruno|Gallo|Conti|De Luca|Costa|Giordano|Mancini|Rizzo|Lombardi|Moretti|D''Angelo|Dell''Acqua|Nicolò|Cantù|Forlì|Scalà|Muzzì|Dalla Libertà|Fabbri|Villa|Caruso|Ferrara|Galli|Martini|Leone|Longo|Gentile|Martinelli|Vitale|Pellegrini'),
    ('IT', 'city',    'Roma|Milano|Torino|Bologna|Firenze|Forlì|Cantù|L''Aquila|Napoli|Bari|Trieste|Reggio nell''Emilia'),
    ('IT', 'street',  'Via Garibaldi|Corso della Libertà|Via Università|Piazza San Niccolò|Viale Dante|Via dell''Unità'),
    ('IT', 'trade',   'Meccanica {} S.r.l.|{} & Figli S.n.c.|Officine {} S.p.A.|Qualità {} S.r.l.|Caffè {} S.r.l.|Studio {} Associati'),
    ('IT', 'task',    'Richiesta di preventivo|Rinnovo del contratto|Novità di listino|Verifica della qualità|Consegna in ritardo|Rinvio dell''appuntamento|Formazione in sede|Disponibilità dei ricambi'),
    ('IT', 'remark',  '{} preferisce essere richiamato dopo le 17.|{} è interessato, ma chiede uno sconto del 5%.|Ha detto: "ne riparliamo lunedì".|Da risentire: la decisione spetta alla società capogruppo.|{} ha già un fornitore; la qualità però non lo soddisfa.'),
    ('IT', 'mail',    'Gentile {},|come d''accordo Le inviamo la documentazione. Resto a disposizione per qualsiasi necessità.|Cordiali saluti'),
    ('IT', 'allergy', 'arachidi|lattosio|penicillina|celiachia: senza glutine|crostacei'),

    ('FR', 'male',    'François|Jérôme|Rémi|Noël|Loïc|Gaël|Théo|Hervé|André|René|Stéphane|Frédéric|Sébastien|Raphaël|Clément|Guillaume|Benoît|Aurélien|Pierre|Étienne|Jean-François|Maël|Antoine|Xavier'),
    ('FR', 'female',  'Chloé|Zoé|Léa|Anaïs|Maëlle|Hélène|Françoise|Aurélie|Élodie|Cécile|Noémie|Solène|Mélanie|Inès|Gaëlle|Océane|Geneviève|Thérèse|Amélie|Marie-Noëlle|Bérénice|Héloïse|Agnès|Camille'),
    ('FR', 'surname', 'Lefèvre|Lefebvre|Müntz|Béranger|Duprés|Gauthier|Noël|Garçon|Besançon|Hébert|Lévêque|Bénard|Poirier|Mérimée|François|Guérin|Boucher|Rousseau|Fournier|Girard|Chevalier|Le Gall|L''Hermitte|d''Ormesson|Châtelain|Prévost|Désiré|Maréchal|Étienne|Joly|Aubert|Bœuf|Vacher|Renaud|Lacroix|Perrin|Morvan|Crépeau|Thévenin|Collet'),
    ('FR', 'city',    'Paris|Besançon|Nîmes|Orléans|Saint-Étienne|Béziers|Mâcon|Lyon|Angoulême|Évry|Sète|Alençon'),
    ('FR', 'street',  'rue de la Liberté|avenue du Général-Leclerc|place de l''Hôtel-de-Ville|rue des Érables|boulevard Voltaire|impasse du Château'),
    ('FR', 'trade',   '{} SARL|Établissements {}|{} et Fils|Société {} SA|Boulangerie {}|Ateliers {} SAS'),
    ('FR', 'task',    'Demande de devis|Relance téléphonique|Renouvellement du contrat|Retard de livraison|Présentation des nouveautés|Réunion préparatoire|Évaluation de l''offre|Problème réglé'),
    ('FR', 'remark',  '{} souhaite être rappelée après 17 h.|Très intéressé, mais demande 5 % de remise.|Il a dit : « on verra à la rentrée ».|{} n''a pas reçu le devis ; à renvoyer.|À relancer : la décision revient au siège.'),
    ('FR', 'mail',    'Bonjour {},|comme convenu, vous trouverez ci-joint notre proposition détaillée. N''hésitez pas à nous rappeler.|Bien à vous'),
    ('FR', 'allergy', 'arachides|fruits à coque|pénicilline|intolérance au gluten|crustacés'),

    ('DE', 'male',    'Jürgen|Jörg|Günther|Björn|Sören|Götz|Rüdiger|Wolfgang|Klaus|Uwe|Matthias|Andreas|Stefan|Thomas|Jörn|Hans-Jürgen|Lothar|Dieter|Florian|Sebastian|Felix|Moritz|Lukas|Tobias'),
    ('DE', 'female',  'Käthe|Bärbel|Jördis|Sölvi|Ursula|Monika|Sabine|Grit|Heike|Anke|Zoë|Änne|Kerstin|Ulrike|Silke|Rosemarie|Hannelore|Lena|Hannah|Leonie|Annegret|Dörte|Frauke|Britta'),
    ('DE', 'surname', 'Müller|Groß|Schäfer|Weiß|Köhler|Krüger|Jäger|Böhm|Günther|Schröder|Schmidt|Schneider|Fischer|Weber|Meyer|Vogel|Götz|Straßer|Preuß|Möller|Lüders|Förster|Bäcker|Kühn|Strauß|Hübner|von der Mühle|Königsmann|Schütz|Größl|Büchner|Lößnitz|Dörfler|Hartmann|Lange|Werner|Krause|Lehmann|Walter|Ümit'),
    ('DE', 'city',    'Köln|München|Düsseldorf|Nürnberg|Würzburg|Lübeck|Göttingen|Berlin|Gießen|Saarbrücken|Münster|Tübingen'),
    ('DE', 'street',  'Hauptstraße|Königsallee|Am Mühlenbach|Bahnhofstraße|Schloßgasse|Grüner Weg'),
    ('DE', 'trade',   '{} GmbH|{} & Söhne KG|Gebrüder {} OHG|Maschinenbau {} GmbH|Bäckerei {}|Möbelwerk {} AG'),
    ('DE', 'task',    'Rückruf wegen Angebot|Vertragsverlängerung|Besuch im Werk|Lieferverzögerung|Prüfung der Maße|Vorführung der Geräte|Schulung für Führungskräfte|Großauftrag'),
    ('DE', 'remark',  '{} möchte nach 17 Uhr zurückgerufen werden.|Interesse groß, fragt nach 5 % Nachlaß.|Sagt: „Darüber reden wir später.“|{} hat die Unterlagen nicht erhalten; nochmals schicken.|Für die Entscheidung ist die Geschäftsführung zuständig.'),
    ('DE', 'mail',    'Guten Tag {},|wie besprochen übersenden wir Ihnen die Unterlagen. Für Rückfragen stehen wir gern zur Verfügung.|Mit freundlichen Grüßen'),
    ('DE', 'allergy', 'Erdnüsse|Nüsse und Äpfel|Penicillin|Gluten (Zöliakie)|Laktose'),

    ('PL', 'male',    'Łukasz|Michał|Paweł|Grzegorz|Wojciech|Stanisław|Józef|Sławomir|Przemysław|Błażej|Zdzisław|Mirosław|Andrzej|Krzysztof|Tomasz|Piotr|Kuba|Żelisław|Bogusław|Rafał|Jędrzej|Zbigniew|Radosław|Maciej'),
    ('PL', 'female',  'Łucja|Małgorzata|Agnieszka|Żaneta|Stanisława|Elżbieta|Władysława|Bożena|Róża|Jadwiga|Grażyna|Katarzyna|Zofia|Magdalena|Ewa|Joanna|Sławomira|Wiesława|Świętosława|Halina|Urszula|Dobrosława|Beata|Iwona'),
    ('PL', 'surname', 'Wójcik|Kowalski/Kowalska|Wiśniewski/Wiśniewska|Dąbrowski/Dąbrowska|Lewandowski/Lewandowska|Zieliński/Zielińska|Szymański/Szymańska|Woźniak|Kozłowski/Kozłowska|Jabłoński/Jabłońska|Król|Wieczorek|Jaworski/Jaworska|Dudziński/Dudzińska|Grabowski/Grabowska|Pawłowski/Pawłowska|Michalski/Michalska|Zając|Wróbel|Piątek|Źrebiec|Żółć|Gęślik|Jaźwiński/Jaźwińska|Ćwikła|Ślusarczyk|Łoś|Krawczyk|Kaczmarek|Mazur|Kwiatkowski/Kwiatkowska|Świątek|Stępień|Górski/Górska|Rutkowski/Rutkowska|Sikora|Bąk|Szczęsny/Szczęsna|Ostrowski/Ostrowska|Brzęczyszczykiewicz'),
    ('PL', 'city',    'Warszawa|Kraków|Łódź|Wrocław|Poznań|Gdańsk|Białystok|Toruń|Częstochowa|Bielsko-Biała|Rzeszów|Świnoujście'),
    ('PL', 'street',  'ul. Piłsudskiego|ul. Długa|al. Niepodległości|ul. Świętokrzyska|pl. Wolności|ul. Żeromskiego'),
    ('PL', 'trade',   '{} Sp. z o.o.|Zakład {} S.A.|Usługi {} s.c.|Przedsiębiorstwo {} Sp. z o.o.|Stolarnia {}|Żegluga {} S.A.'),
    ('PL', 'task',    'Prośba o ofertę|Przedłużenie umowy|Opóźniona dostawa|Szkolenie w siedzibie|Rozmowa o jakości|Zażółcone próbki|Pokaz urządzeń|Ponowny kontakt'),
    ('PL', 'remark',  '{} prosi o telefon po 17.|Zainteresowanie duże, oczekuje 5% rabatu.|Mówi: „wrócimy do tego w następnym tygodniu”.|{} nie dostała oferty; wysłać ponownie.|Decyzję podejmuje zarząd spółki.'),
    ('PL', 'mail',    'Szanowni Państwo, {},|zgodnie z ustaleniami przesyłamy dokumentację. Pozostajemy do dyspozycji.|Z poważaniem'),
    ('PL', 'allergy', 'orzeszki ziemne|laktoza|penicylina|celiakia: bez glutenu|skorupiaki'),

    ('',   'country', 'IT|FR|DE|PL'),
    ('',   'source',  'webform|webform|import|manual|fair|referral'),
    ('',   'stage',   'prospect|qualified|proposal|won|won|lost'),
    ('',   'status',  'new|contacted|qualified|converted|lost'),
    ('',   'kind',    'call|call|meeting|visit|demo|task'),
    ('',   'staff',   'sales@example.com|support@example.com|office@example.com'),
    ('',   'tag',     'vip|fair-2024|engineering|catalogue|price-sensitive|referee'),
    ('',   'product', 'CNC-500|Laser L2|Wartung/Service|Retrofit|Software CRM-X|Schulung & formation')
) AS v (country, kind, words);

-- One word of a kind.
CREATE FUNCTION pg_temp.pick(country text, kind text, salt text, n integer) RETURNS text
    LANGUAGE sql STABLE
    AS $$
        SELECT v.words[1 + pg_temp.dice(salt || '/' || $2, n, cardinality(v.words))]
        FROM vocabulary v
        WHERE v.country = $1 AND v.kind = $2
    $$;

-- A name as it stands in a mail address: Jürgen Groß is juergen.gross, Łucja Wójcik is lucja.wojcik.
CREATE FUNCTION pg_temp.plain_letters(name text, country text) RETURNS text
    LANGUAGE sql IMMUTABLE
    AS $$
        SELECT regexp_replace(
                   lower(translate(
                       replace(replace(replace(replace(replace(replace(name,
                           'ß', 'ss'), 'œ', 'oe'),
                           'ä', CASE country WHEN 'DE' THEN 'ae' ELSE 'a' END),
                           'ö', CASE country WHEN 'DE' THEN 'oe' ELSE 'o' END),
                           'ü', CASE country WHEN 'DE' THEN 'ue' ELSE 'u' END),
                           'Ü', CASE country WHEN 'DE' THEN 'Ue' ELSE 'U' END),
                       'àâèéêëìîïòôùûçñąćęłńóśźżÄÈÉÖĄĆŁŚŹŻ',
                       'aaeeeeiiioouucnacelnoszzAEEOACLSZZ')),
                   '[^a-z-]', '', 'g')
    $$;

CREATE FUNCTION pg_temp.phone(country text, salt text, n integer) RETURNS text
    LANGUAGE sql IMMUTABLE
    AS $$
        SELECT CASE country
                   WHEN 'IT' THEN '+39 055 000' || lpad(pg_temp.dice(salt || '/phone', n, 10000)::text, 4, '0')
                   WHEN 'FR' THEN '+33 6 39 98 ' || lpad(pg_temp.dice(salt || '/phone', n, 100)::text, 2, '0')
                                || ' ' || lpad(pg_temp.dice(salt || '/phone2', n, 100)::text, 2, '0')
                   WHEN 'DE' THEN '+49 30 23125 ' || lpad(pg_temp.dice(salt || '/phone', n, 1000)::text, 3, '0')
                   ELSE           '+48 22 000 ' || lpad(pg_temp.dice(salt || '/phone', n, 100)::text, 2, '0')
                                || ' ' || lpad(pg_temp.dice(salt || '/phone2', n, 100)::text, 2, '0')
               END
    $$;

------------------------------------------------------------------------------------------------------------------------
-- Accounts: 400 companies

CREATE TEMP TABLE account AS
SELECT n AS id,
       replace(pg_temp.pick(country, 'trade', 'account', n), '{}',
               split_part(pg_temp.pick(country, 'surname', 'account', n), '/', 1)) AS name,
       CASE WHEN pg_temp.dice('account/vat', n, 20) > 0
            THEN country || CASE country WHEN 'IT' THEN '000' WHEN 'FR' THEN '000' WHEN 'DE' THEN '0' ELSE '00' END
                         || lpad(pg_temp.dice('account/number', n, 100000000)::text, 8, '0')
       END AS vat_id,
       pg_temp.pick(country, 'city', 'account', n) AS city,
       country,
       date '2008-01-07' + pg_temp.dice('account/created', n, 6400) AS created_on
FROM (SELECT n, pg_temp.pick('', 'country', 'account', n) AS country FROM generate_series(1, 400) AS n) AS t;

UPDATE account SET name = 'Officine Ponte Vecchio S.r.l.', city = 'Firenze',  country = 'IT', vat_id = 'IT00000000017' WHERE id = 17;
UPDATE account SET name = 'Żegluga Śródlądowa S.A.',       city = 'Wrocław',  country = 'PL', vat_id = 'PL0000000023'  WHERE id = 23;

------------------------------------------------------------------------------------------------------------------------
-- People: 5,000 contacts and 1,500 leads, thrown together so that no two of them share an address by chance

CREATE TEMP TABLE person AS
SELECT role, id, country, female,
       -- the two fixed people have no namesakes
       CASE WHEN first_name = 'Mario' AND last_name = 'Rossi' THEN 'Marco'
            WHEN first_name = 'Łucja' AND last_name = 'Wójcik' THEN 'Zofia'
            ELSE first_name
       END AS first_name,
       last_name
FROM (SELECT role, id, country, female,
             pg_temp.pick(country, CASE WHEN female THEN 'female' ELSE 'male' END, role, id) AS first_name,
             CASE WHEN female AND surname LIKE '%/%' THEN split_part(surname, '/', 2)
                  ELSE split_part(surname, '/', 1)
             END AS last_name
      FROM (SELECT role, id, country,
                   pg_temp.dice(role || '/sex', id, 2) = 0 AS female,
                   pg_temp.pick(country, 'surname', role, id) AS surname
            FROM (SELECT role, id, pg_temp.pick('', 'country', role, id) AS country
                  FROM (SELECT 'contact' AS role, id FROM generate_series(1, 5000) AS id
                        UNION ALL
                        SELECT 'lead', id FROM generate_series(1, 1500) AS id) AS a) AS b) AS c) AS d;

UPDATE person SET first_name = 'Mario', last_name = 'Rossi',  country = 'IT', female = false WHERE role = 'contact' AND id = 42;
UPDATE person SET first_name = 'Łucja', last_name = 'Wójcik', country = 'PL', female = true  WHERE role = 'contact' AND id = 77;

-- Every 25th lead is a contact already: same person, same address.
UPDATE person l
SET first_name = c.first_name, last_name = c.last_name, country = c.country, female = c.female
FROM person c
WHERE l.role = 'lead' AND l.id % 25 = 0 AND c.role = 'contact' AND c.id = l.id * 3 + 1;

CREATE TEMP TABLE address AS
SELECT role, id,
       local_part || CASE WHEN rank > 1 THEN rank::text ELSE '' END || '@' || domain AS email
FROM (SELECT role, id, local_part, domain,
             row_number() OVER (PARTITION BY local_part, domain ORDER BY role, id) AS rank
      FROM (SELECT role, id,
                   CASE WHEN pg_temp.dice(role || '/domain', id, 10) = 0 AND NOT (role = 'contact' AND id IN (42, 77))
                        THEN 'example.com' ELSE 'example.' || lower(country)
                   END AS domain,
                   CASE CASE WHEN role = 'contact' AND id IN (42, 77) THEN 0 ELSE pg_temp.dice(role || '/form', id, 5) END
                        WHEN 3 THEN left(first, 1) || '.' || last
                        WHEN 4 THEN last || '.' || first
                        ELSE first || '.' || last
                   END AS local_part
            FROM (SELECT *,
                         pg_temp.plain_letters(first_name, country) AS first,
                         pg_temp.plain_letters(last_name, country) AS last
                  FROM person
                  WHERE NOT (role = 'lead' AND id % 25 = 0)) AS p) AS q) AS r;

INSERT INTO address
SELECT 'lead', l.id, a.email
FROM person l
JOIN address a ON a.role = 'contact' AND a.id = l.id * 3 + 1
WHERE l.role = 'lead' AND l.id % 25 = 0;

CREATE TEMP TABLE contact AS
SELECT p.id,
       CASE WHEN pg_temp.dice('contact/company', p.id, 100) < 85
            THEN 1 + pg_temp.dice('contact/account', p.id, 400) END AS account_id,
       p.first_name,
       p.last_name,
       a.email,
       CASE WHEN pg_temp.dice('contact/reach', p.id, 100) < 4          -- the company's switchboard
                 THEN pg_temp.phone(p.country, 'account', 1 + pg_temp.dice('contact/account', p.id, 400))
            WHEN pg_temp.dice('contact/reach', p.id, 100) < 90
                 THEN pg_temp.phone(p.country, 'contact', p.id)
       END AS phone,
       CASE WHEN pg_temp.dice('contact/age', p.id, 100) < 80
            THEN date '1945-01-01' + pg_temp.dice('contact/born', p.id, 22000) END AS birth_date,
       CASE WHEN pg_temp.dice('contact/ill', p.id, 100) < 3
            THEN pg_temp.pick(p.country, 'allergy', 'contact', p.id) END AS allergies,
       CASE WHEN pg_temp.dice('contact/paid', p.id, 100) < 55
            THEN round(18000 + pg_temp.dice('contact/salary', p.id, 10200000) / 100.0, 2) END AS salary,
       CASE WHEN pg_temp.dice('contact/asked', p.id, 100) < 95
            THEN jsonb_build_object(
                     'language', lower(p.country),
                     'newsletter', pg_temp.dice('contact/news', p.id, 3) = 0,
                     'channels', CASE pg_temp.dice('contact/channels', p.id, 3)
                                     WHEN 0 THEN '["email"]'
                                     WHEN 1 THEN '["email", "phone"]'
                                     ELSE '["phone", "post"]' END::jsonb,
                     'hours', jsonb_build_object('from', 8 + pg_temp.dice('contact/from', p.id, 3),
                                                 'to', 16 + pg_temp.dice('contact/to', p.id, 4)))
                 || CASE WHEN pg_temp.dice('contact/tagged', p.id, 4) = 0
                         THEN jsonb_build_object('tags', jsonb_build_array(
                                  pg_temp.pick('', 'tag', 'contact', p.id), p.country || '-' || p.id % 7))
                         ELSE '{}' END
       END AS preferences,
       pg_temp.pick('', 'source', 'contact', p.id) AS source,
       timestamptz '2012-01-02 07:30:00+00'
           + make_interval(days => pg_temp.dice('contact/day', p.id, 5300), secs => pg_temp.dice('contact/second', p.id, 36000))
           AS created_at
FROM person p
JOIN address a USING (role, id)
WHERE p.role = 'contact';

UPDATE contact
SET account_id = 17, phone = '+39 055 0004242', birth_date = '1971-04-25', allergies = 'arachidi e penicillina',
    salary = 48250.00, source = 'webform', created_at = '2014-09-15 08:12:30+00',
    preferences = '{"language": "it", "newsletter": true, "channels": ["email", "phone"], "hours": {"from": 9, "to": 17}, "tags": ["vip", "città d''arte"]}'
WHERE id = 42;

UPDATE contact
SET account_id = 23, phone = '+48 22 000 77 77', birth_date = '1984-12-13', allergies = 'orzeszki ziemne',
    salary = 36720.50, source = 'fair', created_at = '2013-11-05 10:45:00+00',
    preferences = '{"language": "pl", "newsletter": false, "channels": ["phone"], "hours": {"from": 8, "to": 16}, "tags": ["referee", "żółty"]}'
WHERE id = 77;

CREATE TEMP TABLE lead AS
SELECT p.id,
       p.first_name,
       p.last_name,
       a.email,
       CASE WHEN p.id % 25 = 0 THEN c.phone
            WHEN pg_temp.dice('lead/reach', p.id, 100) < 70 THEN pg_temp.phone(p.country, 'lead', p.id) END AS phone,
       CASE WHEN pg_temp.dice('lead/company', p.id, 100) < 60
            THEN replace(pg_temp.pick(p.country, 'trade', 'lead', p.id), '{}',
                         split_part(pg_temp.pick(p.country, 'surname', 'lead/company', p.id), '/', 1)) END AS company_name,
       CASE WHEN p.id % 25 = 0 THEN c.birth_date
            WHEN pg_temp.dice('lead/age', p.id, 100) < 30
            THEN date '1950-01-01' + pg_temp.dice('lead/born', p.id, 20000) END AS birth_date,
       CASE WHEN p.id % 25 = 0 THEN 'converted' ELSE pg_temp.pick('', 'status', 'lead', p.id) END AS status
FROM person p
JOIN address a USING (role, id)
LEFT JOIN contact c ON c.id = p.id * 3 + 1
WHERE p.role = 'lead';

------------------------------------------------------------------------------------------------------------------------
-- From here on nothing is thrown to contacts 42 and 77: what is theirs is written out below.

CREATE FUNCTION pg_temp.some_contact(salt text, n integer) RETURNS integer
    LANGUAGE sql IMMUTABLE
    AS $$
        SELECT CASE WHEN id IN (42, 77) THEN id + 1 ELSE id END
        FROM (SELECT 1 + pg_temp.dice(salt || '/contact', n, 5000) AS id) AS t
    $$;

-- Deals: 2,500

CREATE TEMP TABLE staff_of AS
SELECT account_id, array_agg(id ORDER BY id) AS ids
FROM contact
WHERE account_id IS NOT NULL AND id NOT IN (42, 77)
GROUP BY account_id;

CREATE TEMP TABLE deal AS
SELECT n AS id,
       n_account AS account_id,
       CASE WHEN pg_temp.dice('deal/known', n, 100) < 70
            THEN s.ids[1 + pg_temp.dice('deal/contact', n, cardinality(s.ids))] END AS contact_id,
       pg_temp.pick('', 'product', 'deal', n) || ' ' || 2013 + pg_temp.dice('deal/year', n, 14) AS title,
       round(500 + pg_temp.dice('deal/amount', n, 24000000) / 100.0, 2) AS amount,
       pg_temp.pick('', 'stage', 'deal', n) AS stage,
       CASE WHEN pg_temp.dice('deal/dated', n, 100) < 85
            THEN make_date(2013 + pg_temp.dice('deal/year', n, 14), 1, 8) + pg_temp.dice('deal/day', n, 300) END AS close_date
FROM (SELECT n, 1 + pg_temp.dice('deal/account', n, 400) AS n_account FROM generate_series(1, 2500) AS n) AS t
LEFT JOIN staff_of s ON s.account_id = n_account
WHERE n NOT IN (42, 420, 77);

INSERT INTO deal VALUES
    (42,  17, 42, 'CNC-500 2015',          18400.00, 'won',      '2015-03-10'),
    (420, 17, 42, 'Retrofit 2025',         27950.50, 'won',      '2025-06-02'),
    (77,  23, 77, 'Wartung/Service 2014',   9120.75, 'won',      '2014-04-28');

-- Activities: 8,000, seven in ten with a contact, one in twenty with a contact and a lead

CREATE TEMP TABLE activity AS
SELECT t.n AS id,
       t.contact_id,
       t.lead_id,
       pg_temp.pick('', 'kind', 'activity', t.n) AS kind,
       pg_temp.pick(p.country, 'task', 'activity', t.n) AS subject,
       timestamptz '2013-01-07 08:00:00+00'
           + make_interval(days => pg_temp.dice('activity/day', t.n, 5060), mins => 5 * pg_temp.dice('activity/minute', t.n, 120))
           AS happened_at,
       CASE WHEN pg_temp.dice('activity/noted', t.n, 100) < 60
            THEN replace(pg_temp.pick(p.country, 'remark', 'activity', t.n), '{}', p.first_name) END AS notes
FROM (SELECT n,
             CASE WHEN pg_temp.dice('activity/who', n, 100) < 75 THEN pg_temp.some_contact('activity', n) END AS contact_id,
             CASE WHEN pg_temp.dice('activity/who', n, 100) >= 70 THEN 1 + pg_temp.dice('activity/lead', n, 1500) END AS lead_id
      FROM generate_series(1, 8000) AS n
      WHERE n NOT IN (42, 420, 421, 422, 77, 770, 771)) AS t
JOIN person p ON (p.role, p.id) = (CASE WHEN t.contact_id IS NULL THEN 'lead' ELSE 'contact' END, coalesce(t.contact_id, t.lead_id));

INSERT INTO activity VALUES
    (42,  42, NULL, 'call',    'Richiesta di preventivo',       '2015-02-03 09:15:00+00', 'Mario chiede tempi di consegna e qualità garantita.'),
    (420, 42, NULL, 'visit',   'Visita in officina',            '2015-03-05 13:30:00+00', 'Il signor Rossi ha mostrato le macchine; pranzo senza arachidi.'),
    (421, 42, NULL, 'call',    'Rinnovo del contratto',         '2025-05-20 08:40:00+00', NULL),
    (422, 42, 300,  'meeting', 'Presentazione a due',           '2025-09-18 14:00:00+00', 'Incontro comune: Mario ha portato una conoscenza.'),
    (77,  77, NULL, 'meeting', 'Targi: pierwsza rozmowa',       '2013-11-05 10:30:00+00', 'Pani Łucja prosi o ofertę na żółte próbki.'),
    (770, 77, NULL, 'call',    'Przedłużenie umowy',            '2024-01-16 11:05:00+00', 'Wójcik: „wrócimy do tego w lutym”.'),
    (771, 77, NULL, 'demo',    'Pokaz urządzeń',                '2024-02-22 09:00:00+00', NULL);

-- Notes: 4,000

CREATE TEMP TABLE note AS
SELECT t.n AS id,
       t.activity_id,
       pg_temp.pick(p.country, 'task', 'note', t.n) || ': '
           || replace(pg_temp.pick(p.country, 'remark', 'note', t.n), '{}', p.first_name || ' ' || p.last_name)
           || CASE WHEN pg_temp.dice('note/long', t.n, 10) = 0
                   THEN E'\n\n' || replace(pg_temp.pick(p.country, 'remark', 'note/long', t.n), '{}', p.last_name) ELSE '' END AS body,
       a.happened_at + make_interval(mins => 10 + pg_temp.dice('note/after', t.n, 3000)) AS written_at
FROM (SELECT n,
             CASE WHEN pick IN (42, 420, 421, 422, 77, 770, 771) THEN pick + 5 ELSE pick END AS activity_id
      FROM (SELECT n, 1 + pg_temp.dice('note/activity', n, 8000) AS pick FROM generate_series(1, 4000) AS n) AS s
      WHERE n NOT IN (42, 420, 421, 422, 77, 770, 771)) AS t
JOIN activity a ON a.id = t.activity_id
JOIN person p ON (p.role, p.id) = (CASE WHEN a.contact_id IS NULL THEN 'lead' ELSE 'contact' END, coalesce(a.contact_id, a.lead_id));

INSERT INTO note VALUES
    (42,  42,  'Mario Rossi (mario.rossi@example.it) vuole il preventivo entro venerdì.',              '2015-02-03 09:40:00+00'),
    (420, 420, E'Visita andata bene.\nRossi è allergico alle arachidi: avvisare il ristorante.',       '2015-03-05 16:10:00+00'),
    (421, 421, 'Richiamare Mario al +39 055 0004242 dopo le 17.',                                      '2025-05-20 09:00:00+00'),
    (422, 422, 'Presenti: Mario Rossi e la sua conoscenza. "Ne riparliamo lunedì."',                   '2025-09-18 15:45:00+00'),
    (77,  77,  'Łucja Wójcik: lucja.wojcik@example.pl, woli telefon niż pocztę.',                      '2013-11-05 11:00:00+00'),
    (770, 770, 'Umowa do przedłużenia; decyzja należy do Łucji Wójcik.',                               '2024-01-16 11:30:00+00'),
    (771, 771, E'Pokaz udany.\n\nUwaga: pani Wójcik ma alergię na orzeszki ziemne.',                   '2024-02-22 12:20:00+00');

-- Mails: 6,000; one in a hundred could not be put down to anyone

CREATE TEMP TABLE email AS
SELECT t.n AS id,
       t.contact_id,
       t.lead_id,
       t.direction,
       CASE t.direction WHEN 'in' THEN coalesce(a.email, 'unknown.sender' || t.n || '@example.com')
                        ELSE pg_temp.pick('', 'staff', 'email', t.n) END AS sender,
       CASE t.direction WHEN 'in' THEN pg_temp.pick('', 'staff', 'email', t.n)
                        ELSE coalesce(a.email, 'undeliverable' || t.n || '@example.com') END AS recipient,
       CASE WHEN pg_temp.dice('email/bare', t.n, 50) > 0
            THEN CASE WHEN pg_temp.dice('email/reply', t.n, 3) = 0 THEN 'Re: ' ELSE '' END
                 || pg_temp.pick(coalesce(p.country, 'DE'), 'task', 'email', t.n) END AS subject,
       replace(v.words[1], '{}', coalesce(p.first_name || ' ' || p.last_name, '…')) || E'\n\n' || v.words[2] || E'\n'
           || pg_temp.pick(v.country, 'task', 'email/about', t.n) || E'.\n\n' || v.words[3]
           || CASE t.direction WHEN 'in' THEN E'\n' || coalesce(p.first_name || ' ' || p.last_name, '') ELSE '' END AS body,
       timestamptz '2013-02-04 06:00:00+00'
           + make_interval(days => pg_temp.dice('email/day', t.n, 5030), secs => pg_temp.dice('email/second', t.n, 50000)) AS sent_at
FROM (SELECT n,
             CASE WHEN pg_temp.dice('email/who', n, 100) < 75 THEN pg_temp.some_contact('email', n) END AS contact_id,
             CASE WHEN pg_temp.dice('email/who', n, 100) BETWEEN 75 AND 98 THEN 1 + pg_temp.dice('email/lead', n, 1500) END AS lead_id,
             CASE WHEN pg_temp.dice('email/direction', n, 5) < 2 THEN 'in' ELSE 'out' END AS direction
      FROM generate_series(1, 6000) AS n
      WHERE n NOT IN (42, 420, 421, 422, 423, 77, 770, 771, 772)) AS t
LEFT JOIN person p ON (p.role, p.id) = (CASE WHEN t.contact_id IS NULL THEN 'lead' ELSE 'contact' END, coalesce(t.contact_id, t.lead_id))
LEFT JOIN address a ON (a.role, a.id) = (p.role, p.id)
JOIN vocabulary v ON v.country = coalesce(p.country, 'DE') AND v.kind = 'mail';

INSERT INTO email VALUES
    (42,  42, NULL, 'in',  'mario.rossi@example.it', 'sales@example.com', 'Richiesta di preventivo',
          E'Buongiorno,\n\nvorrei un preventivo per una CNC-500.\n\nMario Rossi\nOfficine Ponte Vecchio S.r.l.', '2015-02-02 17:21:08+00'),
    (420, 42, NULL, 'out', 'sales@example.com', 'mario.rossi@example.it', 'Re: Richiesta di preventivo',
          E'Gentile Mario Rossi,\n\nin allegato la nostra offerta.\n\nCordiali saluti', '2015-02-06 08:02:45+00'),
    (421, 42, NULL, 'in',  'mario.rossi@example.it', 'sales@example.com', 'Ordine',
          E'Confermo l''ordine. Per il pranzo: niente arachidi, "per carità".\n\nM. Rossi', '2015-03-09 12:00:00+00'),
    (422, 42, NULL, 'out', 'office@example.com', 'mario.rossi@example.it', 'Rinnovo del contratto',
          E'Gentile Mario Rossi,\n\nil Suo contratto scade a giugno.\n\nCordiali saluti', '2025-05-12 07:30:00+00'),
    (423, 42, NULL, 'in',  'mario.rossi@example.it', 'support@example.com', NULL,
          'Sono già in città: possiamo vederci alle 15?', '2025-09-17 18:55:31+00'),
    (77,  77, NULL, 'out', 'sales@example.com', 'lucja.wojcik@example.pl', 'Oferta po targach',
          E'Szanowna Pani Łucjo Wójcik,\n\ndziękujemy za rozmowę na targach.\n\nZ poważaniem', '2013-11-07 09:00:00+00'),
    (770, 77, NULL, 'in',  'lucja.wojcik@example.pl', 'sales@example.com', 'Re: Oferta po targach',
          E'Dzień dobry,\n\nproszę o próbki: żółte, średnie, ciężkie.\n\nŁucja Wójcik', '2013-11-12 13:44:10+00'),
    (771, 77, NULL, 'in',  'lucja.wojcik@example.pl', 'support@example.com', 'Usterka',
          'Urządzenie nie działa. Proszę dzwonić: +48 22 000 77 77.', '2024-01-15 10:10:10+00'),
    (772, 77, NULL, 'out', 'support@example.com', 'lucja.wojcik@example.pl', 'Re: Usterka',
          E'Szanowna Pani,\n\nserwisant przyjedzie w piątek.\n\nZ poważaniem', '2024-01-15 14:00:00+00');

-- Invoices: 3,000 from 2013 to autumn 2026, numbered within the year as a tax office expects

CREATE TEMP TABLE invoice AS
SELECT row_number() OVER (ORDER BY issued_on, n)::integer AS id,
       contact_id,
       deal_id,
       'INV-' || extract(year FROM issued_on) || '-'
              || lpad((row_number() OVER (PARTITION BY extract(year FROM issued_on) ORDER BY issued_on, n))::text, 5, '0') AS number,
       billing_name,
       billing_address,
       amount,
       issued_on
FROM (SELECT n,
             c.id AS contact_id,
             (SELECT min(d.id) FROM deal d WHERE d.contact_id = c.id AND d.stage = 'won') AS deal_id,
             c.first_name || ' ' || c.last_name AS billing_name,
             jsonb_build_object('street', pg_temp.pick(p.country, 'street', 'invoice', c.id) || ' ' || 1 + pg_temp.dice('invoice/house', c.id, 180),
                                'postcode', lpad(pg_temp.dice('invoice/postcode', c.id, 99999)::text, 5, '0'),
                                'city', pg_temp.pick(p.country, 'city', 'invoice', c.id),
                                'country', p.country) AS billing_address,
             round(40 + pg_temp.dice('invoice/amount', n, 1500000) / 100.0, 2) AS amount,
             date '2013-01-10' + pg_temp.dice('invoice/day', n, 5030) AS issued_on
      FROM generate_series(1, 2996) AS n
      JOIN contact c ON c.id = pg_temp.some_contact('invoice', n)
      JOIN person p ON p.role = 'contact' AND p.id = c.id
      UNION ALL
      VALUES (3001, 42, 42,  'Mario Rossi',  '{"street": "Via dell''Unità 42", "postcode": "50122", "city": "Firenze", "country": "IT"}'::jsonb,
              18400.00, date '2015-03-18'),
             (3002, 42, 420, 'Mario Rossi',  '{"street": "Via dell''Unità 42", "postcode": "50122", "city": "Firenze", "country": "IT"}',
              27950.50, date '2025-06-12'),
             (3003, 77, 77,  'Łucja Wójcik', '{"street": "ul. Świętokrzyska 7/7", "postcode": "50-077", "city": "Wrocław", "country": "PL"}',
               9120.75, date '2014-05-06'),
             (3004, 77, NULL, 'Łucja Wójcik', '{"street": "ul. Świętokrzyska 7/7", "postcode": "50-077", "city": "Wrocław", "country": "PL"}',
                318.20, date '2024-03-01')) AS t;

------------------------------------------------------------------------------------------------------------------------
-- The files

\copy (SELECT * FROM account  ORDER BY id) to 'account.csv'  with (format csv, header, encoding 'UTF8')
\copy (SELECT * FROM contact  ORDER BY id) to 'contact.csv'  with (format csv, header, encoding 'UTF8')
\copy (SELECT * FROM lead     ORDER BY id) to 'lead.csv'     with (format csv, header, encoding 'UTF8')
\copy (SELECT * FROM deal     ORDER BY id) to 'deal.csv'     with (format csv, header, encoding 'UTF8')
\copy (SELECT * FROM activity ORDER BY id) to 'activity.csv' with (format csv, header, encoding 'UTF8')
\copy (SELECT * FROM note     ORDER BY id) to 'note.csv'     with (format csv, header, encoding 'UTF8')
\copy (SELECT * FROM email    ORDER BY id) to 'email.csv'    with (format csv, header, encoding 'UTF8')
\copy (SELECT * FROM invoice  ORDER BY id) to 'invoice.csv'  with (format csv, header, encoding 'UTF8')

ROLLBACK;
