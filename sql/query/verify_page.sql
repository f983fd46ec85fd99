-- The tenants that are verified next.
-- rows: many into tenants
select t.id, t.schema_name, t.state, t.id::text as page_key
  from public.tenants_tenant t
 where t.id > coalesce(:page.key::bigint, 0) and t.state <> 'purging'
   and (:schema_name = '' or t.schema_name = :schema_name)
 order by t.id
 limit :page.limit
