-- The same as user_keys_cut, for a superuser.
-- rows: none
-- changes: tenant
update public.core_api_key k
   set permissions = array(select held
                             from unnest(k.permissions) held
                            where exists (select from public.platform_role_permission p
                                           where p.app || '.' || p.codename = held and {superuser_holds})
                            order by held collate "C")
  from public.platform_superuser u
 where k.maker_kind = 'superuser' and k.maker_id = :id and u.id = :id
