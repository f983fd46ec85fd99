-- The tenant that a request means, locked: what changes a tenant's life comes one after the other.
-- rows: one
select t.id, t.schema_name, coalesce(t.former_schema_name, t.schema_name) as name, t.former_state, t.state, t.role,
       t.heads::text as heads
  from public.tenants_tenant t
 where t.id = case when :id <> 0 then :id
                       else coalesce((select id from public.tenants_tenant where schema_name = :schema_name),
                                     (select max(id) from public.tenants_tenant
                                       where former_schema_name = :schema_name)) end
   for update
