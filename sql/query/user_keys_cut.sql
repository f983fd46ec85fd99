-- The API keys of a user who is about to be deleted keep what the user holds of what they hold.
-- rows: none
-- changes: tenant
update core_api_key k
   set permissions = array(select held
                             from unnest(k.permissions) held
                            where u.is_admin
                               or exists (select from auth_permission p
                                           where p.app || '.' || p.codename
                                                 = case held when 'auth.check' then 'users.view_customuser' else held end
                                             and ({user_holds}))
                            order by held collate "C")
  from users_customuser u
 where k.maker_kind = 'user' and k.maker_id = :id and u.id = :id
