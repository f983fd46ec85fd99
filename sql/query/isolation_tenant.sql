-- The parts of a tenant that is verified, and another tenant whose rows it must not be able to read.
-- rows: one
select t.role,
       exists (select from pg_catalog.pg_namespace n where n.nspname = t.schema_name) as has_schema,
       r.oid is not null as has_role,
       coalesce(r.rolcanlogin, false) as may_login,
       exists (select from pg_catalog.pg_auth_members m
                where m.roleid = r.oid and m.member = w.oid) as worker_is_member,
       coalesce(other.schema_name, '') as other_schema, coalesce(other.role, '') as other_role
  from public.tenants_tenant t
  left join pg_catalog.pg_roles r on r.rolname = t.role
  left join pg_catalog.pg_roles w on w.rolname = :arg.worker
  left join lateral (
       select o.schema_name, o.role
         from public.tenants_tenant o
         join pg_catalog.pg_namespace n on n.nspname = o.schema_name
        where o.id <> t.id and o.state = 'active'
        order by o.id < t.id, o.id
        limit 1) other on true
 where t.id = :arg.id::bigint
