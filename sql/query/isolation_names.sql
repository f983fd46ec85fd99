-- The roles of the installation, and a tenant whose rows the platform must not be able to read.
-- rows: one
select i.platform_role, pg_catalog.pg_get_userbyid(c.relowner)::text as owner_login,
       coalesce((select t.schema_name
                   from public.tenants_tenant t
                   join pg_catalog.pg_namespace n on n.nspname = t.schema_name
                  where t.state = 'active'
                  order by t.id
                  limit 1), '') as a_schema
  from public.core_installation i
  join pg_catalog.pg_class c on c.oid = 'public.tenants_tenant'::regclass
