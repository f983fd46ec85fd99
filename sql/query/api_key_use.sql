-- Servers that know of the same use write it once.
-- rows: none
update core_api_key set last_use_time = now() - :arg.age_ms::bigint * interval '1 millisecond'
 where id = :arg.id::bigint
   and (last_use_time is null
        or last_use_time < now() - :arg.age_ms::bigint * interval '1 millisecond' - interval '10 seconds')
