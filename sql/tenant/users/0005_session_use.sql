-- When a session was last used, written now and then (server/use.c).
-- migrate:up
alter table core_session add column last_use_time timestamptz;

-- migrate:down
alter table core_session drop column last_use_time;
