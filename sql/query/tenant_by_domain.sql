-- Where a host leads: to the tenant that has it, or else to one that claims it, which is not enough to be served.
-- rows: one
select t.id, t.schema_name, t.role, t.state, t.suspend_reason, t.heads::text as heads,
       d.kind, d.is_primary, d.create_time as domain_create_time,
       d.state = 'verified' as domain_is_verified,
       coalesce(nullif(t.max_users, 0), p.max_users) as max_users,
       coalesce(nullif(t.max_api_keys, 0), p.max_api_keys) as max_api_keys,
       coalesce(nullif(t.max_requests_per_second, 0), p.max_requests_per_second) as max_requests_per_second,
       coalesce(nullif(t.max_statement_ms, 0), p.max_statement_ms) as max_statement_ms
  from public.tenants_domain d
  join public.tenants_tenant t on t.id = d.tenant_id
  join public.tenants_plan p on p.plan = t.plan
 where d.domain = :arg.domain and (d.state = 'verified' or t.state in ('active', 'suspended'))
 order by d.state = 'verified' desc, d.id
 limit 1
