-- The same as user_for_login, for a superuser.
-- rows: one
select u.id, u.password, u.is_active, {identity}
  from (values (true)) always
  left join public.platform_superuser u on lower(u.email) = lower(:email)
