-- What in this CRM is personal data, whose it is, and how it is to be kept. Plain DDL: run as the tables' owner or a
-- superuser after CREATE EXTENSION gdpr; declaring changes nothing yet. SELECT * FROM gdpr.plan() shows what is to be
-- done, CALL gdpr.apply() does it.

SET search_path = crm, public;

------------------------------------------------------------------------------------------------------------------------
-- The people

SECURITY LABEL FOR gdpr ON TABLE  contact              IS 'subject';
SECURITY LABEL FOR gdpr ON COLUMN contact.first_name   IS 'personal, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN contact.last_name    IS 'personal, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN contact.email        IS 'personal, identifier, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN contact.phone        IS 'personal, identifier, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN contact.birth_date   IS 'personal, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN contact.allergies    IS 'sensitive, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN contact.salary       IS 'personal, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN contact.preferences  IS 'personal, encrypted';

SECURITY LABEL FOR gdpr ON TABLE  lead                 IS 'subject';
SECURITY LABEL FOR gdpr ON COLUMN lead.first_name      IS 'personal, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN lead.last_name       IS 'personal, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN lead.email           IS 'personal, identifier, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN lead.phone           IS 'personal, identifier, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN lead.birth_date      IS 'personal, encrypted';

------------------------------------------------------------------------------------------------------------------------
-- What belongs to them. An activity or a mail may belong to a contact, a lead, or both.

SECURITY LABEL FOR gdpr ON TABLE  activity             IS 'owned(contact_id), owned(lead_id)';
SECURITY LABEL FOR gdpr ON COLUMN activity.subject     IS 'personal, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN activity.notes       IS 'personal, encrypted';

SECURITY LABEL FOR gdpr ON TABLE  email                IS 'owned(contact_id), owned(lead_id)';
SECURITY LABEL FOR gdpr ON COLUMN email.sender         IS 'personal, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN email.recipient      IS 'personal, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN email.subject        IS 'personal, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN email.body           IS 'personal, encrypted';

-- A note needs no label on its table: its foreign key leads to the activity, and on to the person.
SECURITY LABEL FOR gdpr ON COLUMN note.body            IS 'personal, encrypted';

------------------------------------------------------------------------------------------------------------------------
-- What outlives them. Invoices stay ten years because tax law says so; a deal is the company's, not the person's.

SECURITY LABEL FOR gdpr ON TABLE  invoice                  IS 'owned(contact_id), keep(10 years, issued_on, legal_obligation)';
SECURITY LABEL FOR gdpr ON COLUMN invoice.billing_name     IS 'personal, encrypted';
SECURITY LABEL FOR gdpr ON COLUMN invoice.billing_address  IS 'personal, encrypted';

SECURITY LABEL FOR gdpr ON TABLE  deal                     IS 'accessed(contact_id)';
