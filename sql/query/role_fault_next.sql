-- The next tenant whose role is gone, or lacks what it was given when the tenant was made.
-- rows: one
select t.id, t.schema_name, t.role, t.state, f.fault
  from public.tenants_tenant t
  join pg_catalog.pg_namespace n on n.nspname = t.schema_name
  left join pg_catalog.pg_roles r on r.rolname = t.role
 cross join lateral (select {role_fault} as fault offset 0) f
 where t.id > :arg.after::bigint and t.state in ('active', 'suspended', 'deleted')
   and to_regclass(format('%I.users_customuser', t.schema_name)) is not null and f.fault is not null
 order by t.id
 limit 1
   for update of t
