-- The users in the order of their addresses, which are unique whatever the case.
-- rows: many into users
select u.id, u.email, u.first_name, u.last_name, u.is_admin, u.is_active, u.phone_number, u.job_title,
       u.department,
       array(select g.name from users_customuser_groups m join auth_group g on g.id = m.group_id
              where m.user_id = u.id order by g.name) as groups,
       u.date_joined, u.last_login, lower(u.email) as page_key
  from users_customuser u
 where lower(u.email) > coalesce(:page.key, '')
   and (:search = '' or strpos(lower(u.email), lower(:search)) > 0
        or strpos(lower(u.first_name || ' ' || u.last_name), lower(:search)) > 0)
   and (:department = '' or lower(u.department) = lower(:department))
   and (:is_active = '' or u.is_active = (:is_active = 'yes'))
   and (:is_admin = '' or u.is_admin = (:is_admin = 'yes'))
 order by lower(u.email)
 limit :page.limit
