-- The users in the order of their numbers.
-- rows: many into users
select {user_columns}, u.id::text as page_key, case when u.page_row = :page.scan then {user_filter} end as page_last
  from (select u.*, row_number() over (order by u.id) as page_row
          from (select u.*
                  from users_customuser u
                 where u.id > coalesce(:page.key::bigint, 0)
                 order by u.id
                 limit :page.scan) u) u
 where u.page_row = :page.scan or ({user_filter})
 order by u.id
 limit :page.limit
