-- The sessions inside tenants of a superuser who may not act there any more.
-- rows: none
delete from public.platform_act_session
 where superuser_id = :id
   and exists (select from public.platform_superuser u where u.id = :id and not ({may_act}))
