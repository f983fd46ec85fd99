-- Counters that no flood drives out: those of an account, and the addresses from which it has signed in.  All others are
-- strangers', and have a bound in all.
-- migrate:up
alter table public.core_throttle add column is_kept boolean not null default false;
create index core_throttle_strangers on public.core_throttle (paid_time) where not is_kept;

-- migrate:down
drop index public.core_throttle_strangers;
alter table public.core_throttle drop column is_kept;
