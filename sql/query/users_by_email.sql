-- The users in the order of their addresses, which are unique whatever the case.
-- rows: many into users
select {user_columns}, lower(u.email) as page_key
  from users_customuser u
 where lower(u.email) > coalesce(:page.key, '')
   and {user_filter}
 order by lower(u.email)
 limit :page.limit
