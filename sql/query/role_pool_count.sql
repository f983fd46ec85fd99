-- rows: one
select count(*) as count from public.role_pool
