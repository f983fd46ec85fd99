-- That hardly any item is pending after a run says nothing about the next one: a planner that knows it reads and sorts
-- the whole run for each claim, instead of taking the first of the index.
-- migrate:up
alter table public.migration_item alter column state set statistics 0;

-- migrate:down
alter table public.migration_item alter column state set statistics -1;
