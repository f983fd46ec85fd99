-- rows: many into users
select {user_columns}, u.id::text as page_key
  from users_customuser_groups w
  join users_customuser u on u.id = w.user_id
 where w.group_id = :group_id
   and u.id > coalesce(:page.key::bigint, 0)
 order by u.id
 limit :page.limit
