-- Those of some users that a ListUsers asks for, in its order and with its keys, which are those of users_by_*.
-- rows: many into users
select {user_columns},
       case :order_by when 'email' then lower(u.email)
                      when 'last-name' then u.id || '/' || lower(u.last_name)
                      when 'date-joined' then u.id || '/' || (extract(epoch from u.date_joined) * 1000000)::bigint
                      else u.id::text end as page_key
  from users_customuser u
 where u.id = any(:arg.ids::bigint[])
   and case :order_by
       when 'email' then lower(u.email) > coalesce(:page.key, '')
       when 'last-name' then
            (lower(u.last_name), u.id) > (coalesce(substr(:page.key, strpos(:page.key, '/') + 1), ''),
                                          coalesce(split_part(:page.key, '/', 1)::bigint, 0))
       when 'date-joined' then
            ((extract(epoch from u.date_joined) * 1000000)::bigint, u.id)
            > (coalesce(split_part(:page.key, '/', 2)::bigint, -9223372036854775808),
               coalesce(split_part(:page.key, '/', 1)::bigint, 0))
       else u.id > coalesce(:page.key::bigint, 0) end
   and {user_filter}
 order by case :order_by when 'email' then lower(u.email) when 'last-name' then lower(u.last_name) end,
          case :order_by when 'date-joined' then u.date_joined end, u.id
 limit :page.limit
