-- The tenant t that a request means: by number, or by the schema name that it has or had.
t.id = case when :id <> 0 then :id
            else coalesce((select id from public.tenants_tenant where schema_name = :schema_name),
                          (select max(id) from public.tenants_tenant
                            where former_schema_name = :schema_name)) end
