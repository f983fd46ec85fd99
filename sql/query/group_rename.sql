-- rows: none
-- changes: tenant
update auth_group set name = :group.name where id = :id
