-- rows: one
delete from public.role_pool
 where role = (select role from public.role_pool order by number limit 1 for update skip locked)
returning role
