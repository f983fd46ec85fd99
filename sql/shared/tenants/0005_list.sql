-- ListTenants in the order of schema names reads no more rows than it shows.
-- migrate:up
create index tenants_tenant_list_name on public.tenants_tenant (coalesce(former_schema_name, schema_name), id);

-- migrate:down
drop index public.tenants_tenant_list_name;
