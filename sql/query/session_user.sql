-- A live session of an active user, with all that the user may do.
-- rows: one
select s.id as session_id, u.id as user_id, u.email, u.is_admin,
       (extract(epoch from s.expire_time - now()) * 1000000)::bigint as left_us,
       (select {permission_lines}
          from auth_permission p
         where u.is_admin
            or {user_holds}) as permissions
  from core_session s
  join users_customuser u on u.id = s.user_id
 where s.secret_hash = :arg.hash and s.expire_time > now() and u.is_active
