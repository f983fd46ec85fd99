-- The users in the order of their last names; the key is "number/name".
-- rows: many into users
select {user_columns}, u.id || '/' || lower(u.last_name) as page_key
  from users_customuser u
 where (:page.key::text is null
        or (lower(u.last_name), u.id)
           > (substr(:page.key, strpos(:page.key, '/') + 1), split_part(:page.key, '/', 1)::bigint))
   and {user_filter}
 order by lower(u.last_name), u.id
 limit :page.limit
