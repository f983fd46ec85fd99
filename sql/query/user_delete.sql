-- rows: none
-- changes: cached
delete from users_customuser where id = :id
