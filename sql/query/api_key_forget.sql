-- Deletes keys that ended long ago, so that the table does not grow for ever.
-- rows: none
delete from core_api_key
 where id in (select id from core_api_key
               where least(revoke_time, expire_time) < now() - interval '90 days' limit 1000)
