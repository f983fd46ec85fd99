-- The whole life of a tenant: suspended with a reason, deleted under a reserved name, purged, and what its
-- plan allows.
-- depends: platform/0001
-- migrate:up
alter table public.tenants_tenant rename column purge_time to sweep_time;
alter index public.tenants_tenant_purge_time rename to tenants_tenant_sweep_time;
alter table public.tenants_tenant
    add column purge_time timestamptz,            -- when a deleted tenant may be purged
    add column former_schema_name text,           -- of a deleted tenant: the name that it had
    add column former_state text,                 -- of a deleted tenant: the state that it had
    add column suspend_reason text not null default '',
    add column max_users integer not null default 0,               -- 0: what the plan says
    add column max_api_keys integer not null default 0,
    add column max_requests_per_second integer not null default 0,
    add column max_statement_ms integer not null default 0,
    drop constraint tenants_tenant_state_check,
    add constraint tenants_tenant_state_check
        check (state in ('provisioning', 'active', 'suspended', 'deleted', 'purging')),
    add constraint tenants_tenant_former_schema_name_check
        check ((former_schema_name is not null) = (state in ('deleted', 'purging'))),
    add constraint tenants_tenant_limits_check
        check (least(max_users, max_api_keys, max_requests_per_second, max_statement_ms) >= 0);
create index tenants_tenant_former_schema_name on public.tenants_tenant (former_schema_name);
create index tenants_tenant_name on public.tenants_tenant (name, id);
create index tenants_tenant_purge_time on public.tenants_tenant (purge_time)
 where state in ('deleted', 'purging');

alter table public.tenants_domain
    add column kind text not null default 'custom',
    add constraint tenants_domain_kind_check check (kind in ('development', 'platform', 'custom'));
update public.tenants_domain set kind = 'development' where domain ~ '(^|[.])localhost$';

create table public.tenants_plan (
    plan text primary key,
    max_users integer not null,                   -- 0: no limit, here and below
    max_api_keys integer not null,
    max_requests_per_second integer not null,     -- of one server
    max_statement_ms integer not null,
    constraint tenants_plan_limits_check
        check (least(max_users, max_api_keys, max_requests_per_second, max_statement_ms) >= 0)
);
insert into public.tenants_plan (plan, max_users, max_api_keys, max_requests_per_second, max_statement_ms)
values ('trial', 25, 2, 50, 5000),
       ('basic', 100, 5, 200, 10000),
       ('pro', 1000, 50, 1000, 30000),
       ('enterprise', 0, 0, 0, 0);
alter table public.tenants_tenant
    add constraint tenants_tenant_plan_fkey foreign key (plan) references public.tenants_plan (plan);

-- The role of a purged tenant, until no server can have it in memory any more.
create table public.role_rest (
    role text primary key,
    rest_until timestamptz not null
);
revoke all on public.role_rest from public;

insert into public.platform_permission (app, codename, name)
values ('tenants', 'purge_tenant', 'Can purge a deleted tenant before its time'),
       ('tenants', 'repair_tenant', 'Can repair and reconcile tenants'),
       ('tenants', 'view_plan', 'Can view plans'),
       ('tenants', 'change_plan', 'Can change the limits of plans');
insert into public.platform_role_permission (platform_role, app, codename)
select role, 'tenants', codename
  from (values ('owner', 'purge_tenant'), ('owner', 'repair_tenant'), ('owner', 'view_plan'),
               ('owner', 'change_plan'), ('operator', 'repair_tenant'), ('operator', 'view_plan'),
               ('support', 'view_plan'), ('read-only', 'view_plan')) granted (role, codename);

-- migrate:down
delete from public.platform_role_permission
 where app = 'tenants' and codename in ('purge_tenant', 'repair_tenant', 'view_plan', 'change_plan');
delete from public.platform_permission
 where app = 'tenants' and codename in ('purge_tenant', 'repair_tenant', 'view_plan', 'change_plan');
drop table public.role_rest;
alter table public.tenants_tenant drop constraint tenants_tenant_plan_fkey;
drop table public.tenants_plan;
alter table public.tenants_domain drop column kind;
drop index public.tenants_tenant_name;
alter table public.tenants_tenant
    drop column max_statement_ms, drop column max_requests_per_second, drop column max_api_keys,
    drop column max_users, drop column suspend_reason, drop column former_state,
    drop column former_schema_name, drop column purge_time,
    drop constraint tenants_tenant_state_check,
    add constraint tenants_tenant_state_check
        check (state in ('provisioning', 'active', 'suspended', 'deleted'));
alter index public.tenants_tenant_sweep_time rename to tenants_tenant_purge_time;
alter table public.tenants_tenant rename column sweep_time to purge_time;
