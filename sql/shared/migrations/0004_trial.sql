-- Sets of tenants' migrations with which a new tenant could be made, so that each is tried once by all servers together.
-- migrate:up
create table public.migration_trial (
    digest text primary key, -- of the migrations and of PostgreSQL's version
    create_time timestamptz not null default now()
);

-- migrate:down
drop table public.migration_trial;
