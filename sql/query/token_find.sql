-- rows: one
select u.id, u.email
  from users_token t
  join users_customuser u on u.id = t.user_id
 where t.secret_hash = :arg.hash and t.expire_time > now() and u.is_active
