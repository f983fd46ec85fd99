-- What decides whether a domain may go; asked under domain_tenant_lock.
-- rows: one into domain
select d.tenant_id, d.is_primary, t.state,
       (select count(*) from public.tenants_domain o where o.tenant_id = d.tenant_id and o.id <> d.id) as others
  from public.tenants_domain d
  join public.tenants_tenant t on t.id = d.tenant_id
 where d.domain = :arg.domain
