-- The account that an address leads to; without one, only what its tries are counted under. Two old rows may have it in
-- two spellings: then it is the one with that of the call.
-- rows: one
select u.id, u.password, u.is_active, {identity}
  from (values (true)) always
  left join lateral (select u.id, u.password, u.is_active
                       from users_customuser u
                      where {is_addressed}
                      order by lower(u.email) <> lower(:arg.email), u.id
                      limit 1) u on true
