-- The session of the account signed_in.
(user_id, secret_hash, expire_time, origin)
select id, :arg.hash::bytea,
       now() + least(make_interval(hours => :arg.hours::integer), interval '1 s' * :arg.idle_s::bigint),
       :call.origin::text
  from signed_in
returning expire_time
