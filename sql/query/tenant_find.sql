-- Which tenant a request means: by number, or by the schema name that it has or had.
-- rows: one
select t.id
  from public.tenants_tenant t
 where t.id = case when :id <> 0 then :id
                       else coalesce((select id from public.tenants_tenant where schema_name = :schema_name),
                                     (select max(id) from public.tenants_tenant
                                       where former_schema_name = :schema_name)) end
