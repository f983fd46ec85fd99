-- An API key with all that its message has; state is that of now.
id, name, permissions, expire_time,
case when revoke_time is not null then 'revoked' when expire_time <= now() then 'expired'
     else 'active' end as state,
creator, create_time, rotate_time, old_expire_time as old_token_expire_time, revoke_time, last_use_time
