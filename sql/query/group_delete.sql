-- rows: none
-- changes: tenant
delete from auth_group where id = :id
