-- A shop: addresses shared by people and companies, invoices that must be kept, keys that are e-mail addresses.
CREATE ROLE shop_owner;
CREATE SCHEMA shop AUTHORIZATION shop_owner;
GRANT USAGE ON SCHEMA shop TO truth_officer;
SET search_path = shop;
SET ROLE shop_owner;

CREATE TABLE address (id int PRIMARY KEY, street text NOT NULL, city text);
-- Nobody's: an address that a company has outlives the people who live there.
CREATE TABLE company (id int PRIMARY KEY, name text, address_id int REFERENCES address);
CREATE TABLE customer (id uuid PRIMARY KEY, company_id int REFERENCES company, name text NOT NULL, email text UNIQUE, home int REFERENCES address);
CREATE TABLE product (id int PRIMARY KEY, name text);
CREATE TABLE purchase (no text PRIMARY KEY, customer_id uuid NOT NULL REFERENCES customer, gift_to uuid REFERENCES customer,
                       ship_to int REFERENCES address, latest_invoice text, remark text);
CREATE TABLE line (purchase_no text REFERENCES purchase ON DELETE CASCADE, line_no int, product_id int REFERENCES product, engraving text,
                   PRIMARY KEY (purchase_no, line_no));
CREATE TABLE serial (id int PRIMARY KEY, purchase_no text, line_no int, number text,
                     FOREIGN KEY (purchase_no, line_no) REFERENCES line (purchase_no, line_no));
CREATE TABLE invoice (no text PRIMARY KEY, purchase_no text NOT NULL REFERENCES purchase, buyer text NOT NULL, issued_on date NOT NULL);
ALTER TABLE purchase ADD FOREIGN KEY (latest_invoice) REFERENCES invoice DEFERRABLE INITIALLY DEFERRED;
CREATE TABLE payment (id int PRIMARY KEY, invoice_no text REFERENCES invoice, iban text);
CREATE TABLE newsletter (email text PRIMARY KEY, since date);
CREATE TABLE click (newsletter_email text REFERENCES newsletter, at timestamp, link text, PRIMARY KEY (newsletter_email, at));
CREATE TABLE rating (id int PRIMARY KEY, product_id int NOT NULL REFERENCES product, customer_id uuid REFERENCES customer, stars int, words text);
CREATE TABLE event (id int PRIMARY KEY, customer_id uuid, what text);
CREATE TABLE click_event (url text) INHERITS (event);
CREATE TABLE courier (id int PRIMARY KEY, address_id int NOT NULL REFERENCES address, door_code text);

SECURITY LABEL FOR gdpr ON TABLE customer IS 'subject, owns(home)';
SECURITY LABEL FOR gdpr ON COLUMN customer.name IS 'personal, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN customer.email IS 'personal, identifier, encrypted';
SECURITY LABEL FOR gdpr ON TABLE company IS 'owns(address_id)';
SECURITY LABEL FOR gdpr ON COLUMN address.street IS 'personal, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN address.city IS 'personal';
SECURITY LABEL FOR gdpr ON TABLE courier IS 'owned(address_id)';
SECURITY LABEL FOR gdpr ON COLUMN courier.door_code IS 'sensitive';
SECURITY LABEL FOR gdpr ON TABLE purchase IS 'owned(customer_id), accessed(gift_to), owns(ship_to)';
SECURITY LABEL FOR gdpr ON COLUMN purchase.remark IS 'personal';
SECURITY LABEL FOR gdpr ON COLUMN line.engraving IS 'personal, encrypted';
SECURITY LABEL FOR gdpr ON TABLE invoice IS 'owned(purchase_no), keep(10 years, issued_on, legal_obligation)';
SECURITY LABEL FOR gdpr ON COLUMN invoice.buyer IS 'personal, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN payment.iban IS 'personal, encrypted';
SECURITY LABEL FOR gdpr ON TABLE newsletter IS 'owned(email -> customer(email))';
SECURITY LABEL FOR gdpr ON COLUMN newsletter.email IS 'personal, identifier, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN click.newsletter_email IS 'personal, encrypted';
SECURITY LABEL FOR gdpr ON TABLE rating IS 'owned(customer_id), erase(anonymize)';
SECURITY LABEL FOR gdpr ON COLUMN rating.words IS 'personal, encrypted';
SECURITY LABEL FOR gdpr ON TABLE event IS 'owned(customer_id -> customer)';
SECURITY LABEL FOR gdpr ON COLUMN event.what IS 'personal';

INSERT INTO address VALUES (1, 'Main St 1', 'Rome'), (2, 'Market 2', 'Paris'), (3, 'Office 3', 'Berlin'), (4, 'Gone 4', NULL), (5, 'Depot 5', 'Bari'),
                           (6, 'Beach 6', 'Nice');
INSERT INTO company VALUES (1, 'Acme', 3), (2, 'No address', NULL);
INSERT INTO customer VALUES ('00000000-0000-0000-0000-00000000000a', NULL, 'Ann', 'ann@example.it', 1), -- lives with bea
                            ('00000000-0000-0000-0000-00000000000b', 1, 'Bea', 'bea@example.it', 1),
                            ('00000000-0000-0000-0000-00000000000c', 1, 'Cal', 'cal@example.it', 3),    -- lives at the office
                            ('00000000-0000-0000-0000-00000000000d', NULL, 'Dee', NULL, 4),
                            ('00000000-0000-0000-0000-00000000000e', NULL, 'Eva', 'eva@example.it', NULL);
INSERT INTO product VALUES (1, 'Ring'), (2, 'Cup');
INSERT INTO purchase VALUES ('P1', '00000000-0000-0000-0000-00000000000a', '00000000-0000-0000-0000-00000000000b', 2, NULL, 'for bea'),
                            ('P2', '00000000-0000-0000-0000-00000000000a', NULL, 1, NULL, NULL),
                            ('P3', '00000000-0000-0000-0000-00000000000b', '00000000-0000-0000-0000-00000000000a', 2, NULL, 'for ann'),
                            ('P4', '00000000-0000-0000-0000-00000000000d', NULL, 6, NULL, 'old'),
                            ('P5', '00000000-0000-0000-0000-00000000000d', '00000000-0000-0000-0000-00000000000d', 3, NULL, 'to the office');
INSERT INTO line VALUES ('P1', 1, 1, 'with love'), ('P1', 2, 2, NULL), ('P2', 1, 2, NULL), ('P3', 1, 1, 'best'), ('P4', 1, 1, 'dee'), ('P5', 1, 2, NULL);
INSERT INTO serial VALUES (1, 'P1', 1, 'S1'), (2, 'P4', 1, 'S2'), (3, NULL, NULL, 'S3'), (4, 'P3', NULL, 'half');
INSERT INTO invoice VALUES ('I1', 'P1', 'Ann', current_date - 100), ('I2', 'P2', 'Ann', '2001-01-01'), ('I3', 'P3', 'Bea', '2001-02-01'),
                           ('I4', 'P4', 'Dee', '1999-01-01'), ('I5', 'P4', 'Dee', '1999-02-01');
UPDATE purchase SET latest_invoice = CASE no WHEN 'P1' THEN 'I1' WHEN 'P3' THEN 'I3' WHEN 'P4' THEN 'I5' END;
INSERT INTO payment VALUES (1, 'I1', 'IT01'), (2, 'I4', 'DE01'), (3, NULL, 'XX');
INSERT INTO newsletter VALUES ('ann@example.it', '2020-01-01'), ('bea@example.it', '2020-01-01'), ('stranger@example.it', '2020-01-01');
INSERT INTO click VALUES ('ann@example.it', '2026-01-01', '/a'), ('ann@example.it', '2026-01-02', '/b'), ('stranger@example.it', '2026-01-01', '/c');
INSERT INTO rating VALUES (1, 1, '00000000-0000-0000-0000-00000000000a', 5, 'lovely'), (2, 1, '00000000-0000-0000-0000-00000000000d', 1, NULL), (3, 2, NULL, 3, 'fine');
INSERT INTO event VALUES (1, '00000000-0000-0000-0000-00000000000a', 'login'), (2, '00000000-0000-0000-0000-00000000000e', 'login'), (3, NULL, 'boot');
INSERT INTO click_event VALUES (4, '00000000-0000-0000-0000-00000000000a', 'click', '/x'), (5, '00000000-0000-0000-0000-00000000000d', 'click', '/y');
INSERT INTO courier VALUES (1, 1, '1111'), (2, 3, '3333'), (3, 4, '4444'), (4, 5, '5555'), (5, 6, '6666');
RESET ROLE;
RESET search_path;

-- Ann: invoice I1 is kept, with purchase P1 and herself, blanked and without the addresses, for it. P2's invoice is old and goes with P2. Her home is
-- bea's too. What bea gave her is bea's. Address 2, where P1 went, bea's P3 went too.
INSERT INTO truth.expected VALUES
('shop.customer', '00000000-0000-0000-0000-00000000000a', 'shop.customer', '{00000000-0000-0000-0000-00000000000a}', 'owned', NULL, 'email, home, name'),
('shop.customer', '00000000-0000-0000-0000-00000000000a', 'shop.address', '{1,2}', 'owned', 'city, street', 'keep'),
('shop.customer', '00000000-0000-0000-0000-00000000000a', 'shop.courier', '{1}', 'owned', 'door_code', 'keep'),
('shop.customer', '00000000-0000-0000-0000-00000000000a', 'shop.purchase', '{P1}', 'owned', NULL, 'remark, ship_to'),
('shop.customer', '00000000-0000-0000-0000-00000000000a', 'shop.purchase', '{P2}', 'owned', NULL, 'delete'),
('shop.customer', '00000000-0000-0000-0000-00000000000a', 'shop.purchase', '{P3}', 'accessed', 'customer_id, remark', 'gift_to'),
('shop.customer', '00000000-0000-0000-0000-00000000000a', 'shop.line', '{P1/1,P1/2,P2/1}', 'owned', NULL, 'delete'),
('shop.customer', '00000000-0000-0000-0000-00000000000a', 'shop.serial', '{1}', 'owned', NULL, 'delete'),
('shop.customer', '00000000-0000-0000-0000-00000000000a', 'shop.invoice', '{I1}', 'owned', NULL, 'keep'),
('shop.customer', '00000000-0000-0000-0000-00000000000a', 'shop.invoice', '{I2}', 'owned', NULL, 'delete'),
('shop.customer', '00000000-0000-0000-0000-00000000000a', 'shop.payment', '{1}', 'owned', NULL, 'delete'),
('shop.customer', '00000000-0000-0000-0000-00000000000a', 'shop.newsletter', '{ann@example.it}', 'owned', NULL, 'delete'),
('shop.customer', '00000000-0000-0000-0000-00000000000a', 'shop.click', '{ann@example.it/2026-01-01T00:00:00,ann@example.it/2026-01-02T00:00:00}', 'owned', NULL, 'delete'),
('shop.customer', '00000000-0000-0000-0000-00000000000a', 'shop.rating', '{1}', 'owned', NULL, 'customer_id, words'),
('shop.customer', '00000000-0000-0000-0000-00000000000a', 'shop.event', '{1,4}', 'owned', NULL, 'delete');

-- Bea: nothing is kept of her. The company stays.
INSERT INTO truth.expected VALUES
('shop.customer', '00000000-0000-0000-0000-00000000000b', 'shop.customer', '{00000000-0000-0000-0000-00000000000b}', 'owned', NULL, 'delete'),
('shop.customer', '00000000-0000-0000-0000-00000000000b', 'shop.address', '{1,2}', 'owned', 'city, street', 'keep'),
('shop.customer', '00000000-0000-0000-0000-00000000000b', 'shop.courier', '{1}', 'owned', 'door_code', 'keep'),
('shop.customer', '00000000-0000-0000-0000-00000000000b', 'shop.purchase', '{P3}', 'owned', NULL, 'delete'),
('shop.customer', '00000000-0000-0000-0000-00000000000b', 'shop.purchase', '{P1}', 'accessed', 'customer_id, remark', 'gift_to'),
('shop.customer', '00000000-0000-0000-0000-00000000000b', 'shop.line', '{P3/1}', 'owned', NULL, 'delete'),
('shop.customer', '00000000-0000-0000-0000-00000000000b', 'shop.invoice', '{I3}', 'owned', NULL, 'delete'),
('shop.customer', '00000000-0000-0000-0000-00000000000b', 'shop.newsletter', '{bea@example.it}', 'owned', NULL, 'delete');

-- Cal lives at the office: the address is the company's too. So is the courier who knows the door.
INSERT INTO truth.expected VALUES
('shop.customer', '00000000-0000-0000-0000-00000000000c', 'shop.customer', '{00000000-0000-0000-0000-00000000000c}', 'owned', NULL, 'delete'),
('shop.customer', '00000000-0000-0000-0000-00000000000c', 'shop.address', '{3}', 'owned', 'city, street', 'keep'),
('shop.customer', '00000000-0000-0000-0000-00000000000c', 'shop.courier', '{2}', 'owned', 'door_code', 'keep');

-- Dee: her home and the beach are hers alone. A gift to herself is hers. Old invoices go, and so the circle with P4.
INSERT INTO truth.expected VALUES
('shop.customer', '00000000-0000-0000-0000-00000000000d', 'shop.customer', '{00000000-0000-0000-0000-00000000000d}', 'owned', NULL, 'delete'),
('shop.customer', '00000000-0000-0000-0000-00000000000d', 'shop.address', '{4,6}', 'owned', NULL, 'delete'),
('shop.customer', '00000000-0000-0000-0000-00000000000d', 'shop.address', '{3}', 'owned', 'city, street', 'keep'),
('shop.customer', '00000000-0000-0000-0000-00000000000d', 'shop.courier', '{3,5}', 'owned', NULL, 'delete'),
('shop.customer', '00000000-0000-0000-0000-00000000000d', 'shop.courier', '{2}', 'owned', 'door_code', 'keep'),
('shop.customer', '00000000-0000-0000-0000-00000000000d', 'shop.purchase', '{P4,P5}', 'owned', NULL, 'delete'),
('shop.customer', '00000000-0000-0000-0000-00000000000d', 'shop.line', '{P4/1,P5/1}', 'owned', NULL, 'delete'),
('shop.customer', '00000000-0000-0000-0000-00000000000d', 'shop.serial', '{2}', 'owned', NULL, 'delete'),
('shop.customer', '00000000-0000-0000-0000-00000000000d', 'shop.invoice', '{I4,I5}', 'owned', NULL, 'delete'),
('shop.customer', '00000000-0000-0000-0000-00000000000d', 'shop.payment', '{2}', 'owned', NULL, 'delete'),
('shop.customer', '00000000-0000-0000-0000-00000000000d', 'shop.rating', '{2}', 'owned', NULL, 'customer_id'),
('shop.customer', '00000000-0000-0000-0000-00000000000d', 'shop.event', '{5}', 'owned', NULL, 'delete'),
('shop.customer', '00000000-0000-0000-0000-00000000000e', 'shop.customer', '{00000000-0000-0000-0000-00000000000e}', 'owned', NULL, 'delete'),
('shop.customer', '00000000-0000-0000-0000-00000000000e', 'shop.event', '{2}', 'owned', NULL, 'delete');
