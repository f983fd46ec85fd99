-- The same as token_insert, for a superuser.
-- rows: one
insert into public.platform_token (secret_hash, user_id, expire_time)
select :arg.hash::bytea, id, now() + make_interval(hours => :arg.hours::integer)
  from public.platform_superuser
 where id = :arg.user_id::bigint and is_active and lower(email) = lower(:arg.recipient)
   for share
returning user_id
