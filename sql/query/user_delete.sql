-- rows: none
-- changes: tenant
delete from users_customuser where id = :id
