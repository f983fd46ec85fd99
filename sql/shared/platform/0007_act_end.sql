-- Since when a superuser may not act inside tenants: what they made there before stays ended, also when they may again.
-- migrate:up
alter table public.platform_superuser add column act_end_time timestamptz;

-- migrate:down
alter table public.platform_superuser drop column act_end_time;
