-- What must be known before a user is changed: what they are, whether the tenant has another active admin,
-- and the first permission that they hold and the caller does not.
-- rows: one
select u.is_admin, u.is_active,
       exists (select from users_customuser o where o.is_admin and o.is_active and o.id <> u.id)
           as has_other_admins,
       (select min(p.app || '.' || p.codename)
          from auth_permission p
         where p.app || '.' || p.codename <> all(:arg.held::text[])
           and (exists (select from users_customuser_user_permissions d
                         where d.user_id = u.id and d.permission_id = p.id)
             or exists (select from auth_group_permissions g
                          join users_customuser_groups m on m.group_id = g.group_id
                         where m.user_id = u.id and g.permission_id = p.id))) as beyond
  from users_customuser u
 where u.id = :arg.user_id::bigint
