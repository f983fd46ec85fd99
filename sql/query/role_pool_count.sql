-- rows: one
select count(*) as count
  from public.role_pool p
  join pg_catalog.pg_roles r on r.rolname = p.role
