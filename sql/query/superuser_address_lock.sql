-- The same for a superuser.
-- rows: one
select lower(email) <> lower(:superuser.email) as moves from public.platform_superuser where id = :id for update
