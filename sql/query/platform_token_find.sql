-- rows: one
select u.id, u.email
  from public.platform_token t
  join public.platform_superuser u on u.id = t.user_id
 where t.secret_hash = :arg.hash and t.expire_time > now() and u.is_active
