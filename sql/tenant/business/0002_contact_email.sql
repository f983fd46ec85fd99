-- Contacts are looked up by their address, in whatever case it was written.
-- migrate:up
create index business_contact_email on business_contact (lower(email));

-- migrate:down
drop index business_contact_email;
