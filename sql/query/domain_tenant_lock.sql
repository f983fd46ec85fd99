-- The tenant of a domain, locked: changes to one tenant's domains come one after the other.
-- rows: one into domain
select t.id as tenant_id, d.is_primary,
       (select count(*) from public.tenants_domain o where o.tenant_id = t.id and o.id <> d.id) as others
  from public.tenants_domain d
  join public.tenants_tenant t on t.id = d.tenant_id
 where d.domain = lower(rtrim(:domain, '.'))
   for update of t
