-- One tenant, with all that its message has; by number, for every rpc that answers with it.
-- rows: one
select {tenant_columns}
  from public.tenants_tenant t
 where t.id = :arg.id::bigint
