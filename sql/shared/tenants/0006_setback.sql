-- What background work could not do for a tenant, and when it is tried again: others have their turn meanwhile.
-- migrate:up
create table public.tenants_setback (
    task text not null,
    tenant_id bigint not null references public.tenants_tenant (id) on delete cascade,
    failures integer not null,
    next_time timestamptz not null,
    error text not null,
    update_time timestamptz not null default now(),
    primary key (task, tenant_id),
    constraint tenants_setback_task_check check (task in ('purge', 'sweep'))
);
create index tenants_setback_tenant_id on public.tenants_setback (tenant_id);

-- migrate:down
drop table public.tenants_setback;
