-- The users in the order in which they came; the key is "number/microseconds".
-- rows: many into users
select {user_columns}, u.id || '/' || (extract(epoch from u.date_joined) * 1000000)::bigint as page_key
  from users_customuser u
 where (:page.key::text is null
        or ((extract(epoch from u.date_joined) * 1000000)::bigint, u.id)
           > (split_part(:page.key, '/', 2)::bigint, split_part(:page.key, '/', 1)::bigint))
   and {user_filter}
 order by u.date_joined, u.id
 limit :page.limit
