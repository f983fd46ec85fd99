-- What decides about a change of a domain: the one that is verified, or the first of those that claim it; asked
-- under domain_tenant_lock.  A deleted tenant's domains are reserved as they are: undelete brings back exactly what
-- was there.
-- rows: one
select d.id, d.tenant_id, d.is_primary, d.kind, d.state, d.txt_name, d.txt_value,
       d.kind = 'custom' and (d.state <> 'verified' or d.verify_time is not null) as has_proof, count(*) over () as claims,
       (select count(*) from public.tenants_domain o where o.tenant_id = d.tenant_id and o.id <> d.id) as others
  {domain_claims}
   and t.state not in ('deleted', 'purging')
 order by d.state = 'verified' desc, d.id
 limit 1
