-- Those of one tenant, by its number, or those of all in the order of their names.
-- rows: many into domains
select {domain_columns}, d.domain || ' ' || d.tenant_id as page_key,
       case when d.page_row = :page.scan then {domain_filter} end as page_last
  from ((select d.*, row_number() over (order by d.domain, d.tenant_id) as page_row
           from (select d.*
                   from public.tenants_domain d
                  where :schema_name = ''
                    and (d.domain, d.tenant_id) > (coalesce(split_part(:page.key, ' ', 1), ''),
                                                   coalesce(split_part(:page.key, ' ', 2)::bigint, 0))
                  order by d.domain, d.tenant_id
                  limit :page.scan) d)
        union all
        (select d.*, row_number() over (order by d.domain, d.tenant_id) as page_row
           from (select d.*
                   from public.tenants_domain d
                  where d.tenant_id = (select s.id from public.tenants_tenant s where s.schema_name = :schema_name)
                    and (d.domain, d.tenant_id) > (coalesce(split_part(:page.key, ' ', 1), ''),
                                                   coalesce(split_part(:page.key, ' ', 2)::bigint, 0))
                  order by d.domain, d.tenant_id
                  limit :page.scan) d)) d
  join public.tenants_tenant t on t.id = d.tenant_id
 where d.page_row = :page.scan or ({domain_filter})
 order by d.domain, d.tenant_id
 limit :page.limit
