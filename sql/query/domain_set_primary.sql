-- rows: one into domain
-- changes: names
with changed as (
    update public.tenants_domain set is_primary = true
     where domain = :arg.domain
    returning *
)
select changed.domain, changed.tenant_id, t.schema_name, changed.is_primary, changed.kind, changed.create_time
  from changed join public.tenants_tenant t on t.id = changed.tenant_id
