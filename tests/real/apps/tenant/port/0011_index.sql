-- Made while the tables are in use.
-- no-transaction
-- migrate:up
create index concurrently if not exists port_call_event_facts on port_call_event using gin (facts) with (fastupdate = off);

-- migrate:down
drop index concurrently if exists port_call_event_facts;
