-- A live API key, by either of its secrets.  Memory keeps it for a day at most.
-- rows: one
select id, array_to_string(permissions, E'\n') as permissions,
       (extract(epoch from least(expire_time, case when secret_hash <> :arg.hash then old_expire_time end,
                                 now() + interval '1 day') - now()) * 1000000)::bigint as left_us
  from core_api_key
 where (secret_hash = :arg.hash or (old_secret_hash = :arg.hash and old_expire_time > now()))
   and revoke_time is null
   and (expire_time is null or expire_time > now())
