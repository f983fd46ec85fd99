-- rows: none
-- changes: cached
delete from auth_group where id = :id
