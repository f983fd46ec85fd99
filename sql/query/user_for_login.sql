-- The account that an address leads to; without one, only what its tries are counted under.
-- rows: one
select u.id, u.password, u.is_active, {identity}
  from (values (true)) always
  left join users_customuser u on lower(u.email) = lower(:email)
