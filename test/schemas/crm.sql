-- The CRM of the walk-through, with few people.
\i demo/crm/schema.sql
\i demo/crm/labels.sql
GRANT USAGE ON SCHEMA crm TO truth_officer;
SET search_path = crm;
INSERT INTO account VALUES (1, 'Acme', NULL, NULL, NULL, '2020-01-01');
INSERT INTO contact VALUES (1, 1, 'Ada', 'Rossi', 'ada@example.it', '+39 055 1', '1980-01-01', 'nuts', 50000, '{"news": true}', 'fair', '2020-01-01'),
                           (2, 1, 'Bo', 'Blu', 'bo@example.it', NULL, NULL, NULL, NULL, NULL, NULL, '2020-01-01'),
                           (3, NULL, 'Cy', 'Ce', 'cy@example.it', NULL, '1990-01-01', NULL, 1, NULL, NULL, '2020-01-01'),
                           (4, NULL, 'Di', 'Do', 'lea@example.it', NULL, NULL, NULL, NULL, NULL, NULL, '2020-01-01'); -- lead 1 as well
INSERT INTO lead VALUES (1, 'Lea', 'Li', 'lea@example.it', NULL, NULL, NULL, 'new'), (2, 'Leo', 'Lo', 'leo@example.it', NULL, NULL, NULL, 'lost'),
                        (3, 'Lou', 'Lu', 'leo@example.it', NULL, NULL, NULL, 'new');
INSERT INTO deal VALUES (1, 1, 1, 'Bridge', 10, 'won', NULL), (2, 1, 2, 'Road', 10, 'won', NULL), (3, 1, NULL, 'Well', 1, 'lost', NULL);
INSERT INTO activity VALUES (1, 1, NULL, 'call', 'a', '2026-01-01', 'x'), (2, 1, 1, 'visit', 'b', '2026-01-01', 'x'), (3, NULL, 1, 'call', 'c', '2026-01-01', 'x'),
                            (4, 2, 2, 'demo', 'd', '2026-01-01', NULL), (5, 3, NULL, 'task', 'e', '2026-01-01', 'x');
INSERT INTO note VALUES (1, 1, 'n', '2026-01-01'), (2, 2, 'n', '2026-01-01'), (3, 3, 'n', '2026-01-01'), (4, 4, 'n', '2026-01-01'), (5, 1, 'n', '2026-01-01');
INSERT INTO email VALUES (1, 1, NULL, 'in', 'ada@example.it', 'us@example.it', 's', 'b', '2026-01-01'), (2, 1, 1, 'out', 'us@example.it', 'ada@example.it', 's', 'b', '2026-01-01'),
                         (3, NULL, 2, 'in', 'leo@example.it', 'us@example.it', NULL, NULL, '2026-01-01'), (4, NULL, NULL, 'in', 'x@example.it', 'us@example.it', NULL, NULL, '2026-01-01');
INSERT INTO invoice VALUES (1, 1, 1, 'N1', 'Ada Rossi', '{}', 1, current_date), (2, 1, NULL, 'N2', 'Ada Rossi', '{}', 1, '2000-01-01'),
                           (3, 2, 2, 'N3', 'Bo Blu', NULL, 1, '2000-01-01'), (4, 3, NULL, 'N4', 'Cy Ce', NULL, 1, current_date);
RESET search_path;

-- A contact with an invoice of the last ten years stays for it, without their values; a deal is the company's.
INSERT INTO truth.expected VALUES
('crm.contact', '1', 'crm.contact', '{1}', 'owned', NULL, 'allergies, birth_date, email, first_name, last_name, phone, preferences, salary'),
('crm.contact', '1', 'crm.deal', '{1}', 'accessed', NULL, 'contact_id'),
('crm.contact', '1', 'crm.activity', '{1}', 'owned', NULL, 'delete'),
('crm.contact', '1', 'crm.activity', '{2}', 'owned', 'lead_id, notes, subject', 'contact_id'),
('crm.contact', '1', 'crm.note', '{1,5}', 'owned', NULL, 'delete'),
('crm.contact', '1', 'crm.note', '{2}', 'owned', 'body', 'keep'),
('crm.contact', '1', 'crm.email', '{1}', 'owned', NULL, 'delete'),
('crm.contact', '1', 'crm.email', '{2}', 'owned', 'body, lead_id, recipient, sender, subject', 'contact_id'),
('crm.contact', '1', 'crm.invoice', '{1}', 'owned', NULL, 'keep'),
('crm.contact', '1', 'crm.invoice', '{2}', 'owned', NULL, 'delete'),
('crm.contact', '2', 'crm.contact', '{2}', 'owned', NULL, 'delete'),
('crm.contact', '2', 'crm.deal', '{2}', 'accessed', NULL, 'contact_id'),
('crm.contact', '2', 'crm.activity', '{4}', 'owned', 'lead_id, subject', 'contact_id'),
('crm.contact', '2', 'crm.note', '{4}', 'owned', 'body', 'keep'),
('crm.contact', '2', 'crm.invoice', '{3}', 'owned', NULL, 'delete'),
('crm.contact', '3', 'crm.contact', '{3}', 'owned', NULL, 'birth_date, email, first_name, last_name, salary'),
('crm.contact', '3', 'crm.activity', '{5}', 'owned', NULL, 'delete'),
('crm.contact', '3', 'crm.invoice', '{4}', 'owned', NULL, 'keep'),
('crm.contact', '4', 'crm.contact', '{4}', 'owned', NULL, 'delete');

INSERT INTO truth.expected VALUES
('crm.lead', '1', 'crm.lead', '{1}', 'owned', NULL, 'delete'),
('crm.lead', '1', 'crm.activity', '{2}', 'owned', 'contact_id, notes, subject', 'lead_id'),
('crm.lead', '1', 'crm.activity', '{3}', 'owned', NULL, 'delete'),
('crm.lead', '1', 'crm.note', '{2}', 'owned', 'body', 'keep'),
('crm.lead', '1', 'crm.note', '{3}', 'owned', NULL, 'delete'),
('crm.lead', '1', 'crm.email', '{2}', 'owned', 'body, contact_id, recipient, sender, subject', 'lead_id'),
('crm.lead', '2', 'crm.lead', '{2}', 'owned', NULL, 'delete'),
('crm.lead', '2', 'crm.activity', '{4}', 'owned', 'contact_id, subject', 'lead_id'),
('crm.lead', '2', 'crm.note', '{4}', 'owned', 'body', 'keep'),
('crm.lead', '2', 'crm.email', '{3}', 'owned', NULL, 'delete'),
('crm.lead', '3', 'crm.lead', '{3}', 'owned', NULL, 'delete');
