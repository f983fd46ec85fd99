-- The same as user_keys_end, for a superuser.
-- rows: none
-- changes: tenant
update public.core_api_key set revoke_time = now(), old_secret_hash = null, old_expire_time = null
 where maker_kind = 'superuser' and maker_id = :id and revoke_time is null
   and not exists (select from public.platform_superuser where id = :id and is_active)
