-- The users in the order of their addresses, which are unique whatever the case.
-- rows: many into users
select {user_columns}, lower(u.email) as page_key, case when u.page_row = :page.scan then {user_filter} end as page_last
  from (select u.*, row_number() over (order by lower(u.email)) as page_row
          from (select u.*
                  from users_customuser u
                 where lower(u.email) > coalesce(:page.key, '')
                 order by lower(u.email)
                 limit :page.scan) u) u
 where u.page_row = :page.scan or ({user_filter})
 order by lower(u.email)
 limit :page.limit
