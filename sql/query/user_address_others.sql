-- Whether another account has the address in whatever spelling.
-- rows: one
select exists (select from users_customuser u where {is_addressed} and u.id <> :arg.own_id::bigint) as are_there
