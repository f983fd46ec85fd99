-- Whether the user u was given the permission p, directly or by a group.
exists (select from users_customuser_user_permissions d
         where d.user_id = u.id and d.permission_id = p.id)
or exists (select from auth_group_permissions g
             join users_customuser_groups m on m.group_id = g.group_id
            where m.user_id = u.id and g.permission_id = p.id)
