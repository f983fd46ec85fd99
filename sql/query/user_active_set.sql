-- rows: none
-- changes: tenant
update users_customuser set is_active = :arg.is_active::boolean where id = :id
