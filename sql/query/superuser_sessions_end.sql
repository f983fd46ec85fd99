-- The sessions of a superuser who may not sign in any more.
-- rows: none
-- changes: tenant
delete from public.platform_session
 where user_id = :id and exists (select from public.platform_superuser where id = :id and not is_active)
