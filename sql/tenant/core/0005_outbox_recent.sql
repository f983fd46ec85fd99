-- The mails of late, by which those who ask for many to one address are refused.
-- migrate:up
-- lint: allow index-lock -- mails are kept for 90 days, and the table is written to for mails only
create index core_outbox_create_time on core_outbox (create_time);

-- migrate:down
drop index core_outbox_create_time;
