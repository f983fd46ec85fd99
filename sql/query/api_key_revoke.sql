-- rows: none
-- changes: tenant
update core_api_key set revoke_time = now(), old_secret_hash = null, old_expire_time = null
 where id = :id and revoke_time is null
