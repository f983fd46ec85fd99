-- rows: one into domain
-- changes: names
with added as (
    insert into public.tenants_domain (tenant_id, domain, kind, is_primary)
    select :arg.tenant_id::bigint, :arg.domain, :arg.kind,
           not exists (select from public.tenants_domain where tenant_id = :arg.tenant_id::bigint)
    returning *
)
select added.domain, added.tenant_id, t.schema_name, added.is_primary, added.kind, added.create_time
  from added join public.tenants_tenant t on t.id = added.tenant_id
