-- rows: one
select id, password, is_active from users_customuser where lower(email) = lower(:email)
