-- The API keys of a user who is gone or may not sign in any more, for good.
-- rows: none
-- changes: tenant
update core_api_key set revoke_time = now(), old_secret_hash = null, old_expire_time = null
 where maker_kind = 'user' and maker_id = :id and revoke_time is null
   and not exists (select from users_customuser where id = :id and is_active)
