-- rows: one
select id from public.platform_superuser where id = :user_id
