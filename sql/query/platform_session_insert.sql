-- rows: one
insert into public.platform_session (user_id, secret_hash, expire_time, origin)
values (:arg.user_id::bigint, :arg.hash, now() + make_interval(hours => :arg.hours::integer), :call.origin)
returning expire_time
