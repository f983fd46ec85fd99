-- The oldest role of the pool that is there: one that somebody has dropped keeps nobody from being made.
-- rows: one
delete from public.role_pool
 where role = (select p.role
                 from public.role_pool p
                 join pg_catalog.pg_roles r on r.rolname = p.role
                order by p.number
                limit 1
                  for update of p skip locked)
returning role
