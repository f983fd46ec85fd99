-- How often something was tried, so that neither a restart nor a second server forgets it.
-- migrate:up
create table public.core_throttle (
    key text primary key,             -- a keyed hash of what is counted
    paid_time timestamptz not null    -- when what was tried so far will be forgiven
);
create index core_throttle_paid_time on public.core_throttle (paid_time);

-- migrate:down
drop table public.core_throttle;
