-- The users in the order of their numbers.
-- rows: many into users
select {user_columns}, u.id::text as page_key
  from users_customuser u
 where u.id > coalesce(:page.key::bigint, 0)
   and {user_filter}
 order by u.id
 limit :page.limit
