-- The users in the order of their last names; the key is "number/name".
-- rows: many into users
select {user_columns}, u.id || '/' || lower(u.last_name) as page_key, case when u.page_row = :page.scan then {user_filter} end as page_last
  from (select u.*, row_number() over (order by lower(u.last_name), u.id) as page_row
          from (select u.*
                  from users_customuser u
                 where (lower(u.last_name), u.id)
                       > (coalesce(substr(:page.key, strpos(:page.key, '/') + 1), ''),
                          coalesce(split_part(:page.key, '/', 1)::bigint, 0))
                 order by lower(u.last_name), u.id
                 limit :page.scan) u) u
 where u.page_row = :page.scan or ({user_filter})
 order by lower(u.last_name), u.id
 limit :page.limit
