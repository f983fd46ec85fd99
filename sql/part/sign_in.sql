-- Of an account whose password was found right a moment ago: no row if it is another one by now, or if nobody may
-- sign in with it any more.
set last_login = now(), password = coalesce(nullif(:arg.password, ''), password)
where id = :arg.user_id::bigint and is_active and password = :arg.verified
returning id
