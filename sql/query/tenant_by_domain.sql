-- Where a host leads: to the tenant that has it, or else to one that claims it, which is not enough to be served.
-- rows: one
select {tenant_route},
       d.kind, d.is_primary, d.create_time as domain_create_time,
       d.state = 'verified' as domain_is_verified,
       {tenant_limits}
  from public.tenants_domain d
  join public.tenants_tenant t on t.id = d.tenant_id
  join public.tenants_plan p on p.plan = t.plan
 {domain_choice}
