-- The tenant's schema name and state, locked until this transaction ends, so that the schema of that name cannot be
-- another tenant's meanwhile.
-- rows: one
select schema_name, state from public.tenants_tenant where id = :tenant.id for share
