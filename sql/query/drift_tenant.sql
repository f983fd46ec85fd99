-- What a tenant's schema must be like; unknown is an app or a migration of it that this server has no file of.
-- rows: one
select t.role, t.heads::text as heads, t.state = 'active' as is_active,
       exists (select from pg_catalog.pg_namespace n where n.nspname = t.schema_name) as has_schema,
       exists (select from pg_catalog.pg_roles r where r.rolname = t.role) as has_role,
       (select h.key || '/' || lpad(h.value, 4, '0')
          from jsonb_each_text(t.heads) h
         where h.value::integer > coalesce((:arg.newest::jsonb ->> h.key)::integer, 0)
         order by h.key
         limit 1) as unknown
  from public.tenants_tenant t
 where t.id = :arg.id::bigint
