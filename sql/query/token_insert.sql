-- The secret of a link, of which only the hash stays.  No row: nobody may use it, because the user is gone, was
-- deactivated, or has another address than the mail is sent to.
-- rows: one
insert into users_token (secret_hash, user_id, expire_time)
select :arg.hash::bytea, id, now() + make_interval(hours => :arg.hours::integer)
  from users_customuser
 where id = :arg.user_id::bigint and is_active and lower(email) = lower(:arg.recipient)
   for share
returning user_id
