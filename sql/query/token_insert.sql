-- The secret of a link, of which only the hash stays.
-- rows: none
insert into users_token (secret_hash, user_id, expire_time)
select :arg.hash::bytea, id, now() + make_interval(hours => :arg.hours::integer)
  from users_customuser
 where id = :arg.user_id::bigint
