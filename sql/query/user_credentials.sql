-- rows: one
select email, password from users_customuser where id = :caller.id and is_active
