-- rows: none
-- changes: cached
update auth_group set name = :group.name where id = :id
