-- What an active user holds, with all reasons; or what there is in the tenant, held or not.
-- rows: many into permissions
select h.permission, h.by_admin, h.direct, h.groups, h.permission as page_key
  from (select p.app || '.' || p.codename as permission, u.is_admin as by_admin,
               exists (select from users_customuser_user_permissions d
                        where d.user_id = u.id and d.permission_id = p.id) as direct,
               array(select g.name
                       from users_customuser_groups m
                       join auth_group_permissions o on o.group_id = m.group_id
                       join auth_group g on g.id = m.group_id
                      where m.user_id = u.id and o.permission_id = p.id
                      order by g.name) as groups
          from users_customuser u cross join auth_permission p
         where u.id = :user_id and u.is_active) h
 where (:arg.all::boolean or h.by_admin or h.direct or cardinality(h.groups) > 0)
   and h.permission collate "C" > coalesce(:page.key, '')
 order by h.permission collate "C"
 limit :page.limit
