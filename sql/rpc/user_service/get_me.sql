-- rows: one into user
select {user_columns}, u.preferences::text as preferences
  from users_customuser u
 where u.id = :caller.id
