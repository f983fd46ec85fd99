-- The schema of an active tenant, which keeps its name until this transaction is over.
-- rows: one
select schema_name from public.tenants_tenant where id = :arg.id::bigint and state = 'active' for share
