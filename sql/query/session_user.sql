-- A live session of an active user, with all that the user may do.
-- rows: one
select s.id as session_id, u.id as user_id, u.email, u.is_admin, s.expire_time,
       (select string_agg(p.app || '.' || p.codename, E'\n'
                          order by (p.app || '.' || p.codename) collate "C")
          from auth_permission p
         where u.is_admin
            or exists (select from users_customuser_user_permissions d
                        where d.user_id = u.id and d.permission_id = p.id)
            or exists (select from auth_group_permissions g
                         join users_customuser_groups m on m.group_id = g.group_id
                        where m.user_id = u.id and g.permission_id = p.id)) as permissions
  from core_session s
  join users_customuser u on u.id = s.user_id
 where s.secret_hash = :arg.hash and s.expire_time > now() and u.is_active
