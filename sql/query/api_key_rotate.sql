-- rows: none
-- changes: tenant
update core_api_key
   set old_secret_hash = case when :overlap_s::bigint > 0 then secret_hash end,
       old_expire_time = case when :overlap_s::bigint > 0
                              then now() + :overlap_s::bigint * interval '1 second' end,
       secret_hash = :arg.hash::bytea, rotate_time = now()
 where id = :id
