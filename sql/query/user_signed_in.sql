-- rows: none
update users_customuser
   set last_login = now(), password = coalesce(nullif(:arg.password, ''), password)
 where id = :arg.user_id::bigint
