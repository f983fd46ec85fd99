-- The tenant that a domain is added to, locked.
-- rows: one into tenant
select id from public.tenants_tenant
 where schema_name = :domain.schema_name and state in ('active', 'suspended')
   for update
