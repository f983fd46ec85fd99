-- rows: one
select {tenant_route},
       {tenant_limits}
  from public.tenants_tenant t
  join public.tenants_plan p on p.plan = t.plan
 where t.id = :arg.id::bigint
