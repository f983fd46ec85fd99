-- rows: one
select is_active, password <> '' as has_password, email from users_customuser where id = :id for update
