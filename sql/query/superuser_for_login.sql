-- The same as user_for_login, for a superuser.
-- rows: one
select u.id, u.password, u.is_active, {identity}
  from (values (true)) always
  left join lateral (select u.id, u.password, u.is_active
                       from public.platform_superuser u
                      where {is_addressed}
                      order by lower(u.email) <> lower(:arg.email), u.id
                      limit 1) u on true
