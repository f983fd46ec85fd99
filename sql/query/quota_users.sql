-- rows: one
select count(*) as count from users_customuser where is_active and id <> :arg.except::bigint
