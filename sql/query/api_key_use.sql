-- The last uses of API keys.  If several servers have noted the same use, it is written only once.
-- rows: none
update core_api_key k
   set last_use_time = now() - interval '1 ms' * u.age_ms
  from unnest(:arg.ids::bigint[], :arg.ages_ms::bigint[]) u (id, age_ms)
 where k.id = u.id
   and (k.last_use_time is null
        or k.last_use_time < now() - interval '1 ms' * u.age_ms - interval '10 seconds')
