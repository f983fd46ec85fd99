-- rows: one
select id from auth_group where id = :group_id
