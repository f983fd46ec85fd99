-- The users in the order in which they came; the key is "number/microseconds".
-- rows: many into users
select {user_columns}, u.id || '/' || (extract(epoch from u.date_joined) * 1000000)::bigint as page_key, case when u.page_row = :page.scan then {user_filter} end as page_last
  from (select u.*, row_number() over (order by u.date_joined, u.id) as page_row
          from (select u.*
                  from users_customuser u
                 where (u.date_joined, u.id)
                       > (coalesce('epoch'::timestamptz
                                   + split_part(:page.key, '/', 2)::bigint * interval '1 microsecond', '-infinity'),
                          coalesce(split_part(:page.key, '/', 1)::bigint, 0))
                 order by u.date_joined, u.id
                 limit :page.scan) u) u
 where u.page_row = :page.scan or ({user_filter})
 order by u.date_joined, u.id
 limit :page.limit
