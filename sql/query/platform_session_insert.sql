-- The same as session_insert, for a superuser.
-- rows: one
with signed_in as (
    update public.platform_superuser
       set last_login = now(), password = coalesce(nullif(:arg.password, ''), password)
     where id = :arg.user_id::bigint and is_active and password = :arg.verified
    returning id
)
insert into public.platform_session (user_id, secret_hash, expire_time, origin)
select id, :arg.hash::bytea,
       now() + least(make_interval(hours => :arg.hours::integer), interval '1 s' * :arg.idle_s::bigint),
       :call.origin::text
  from signed_in
returning expire_time
