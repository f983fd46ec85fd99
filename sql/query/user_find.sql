-- rows: one
select id from users_customuser where id = :user_id
