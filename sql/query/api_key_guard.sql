-- What must be known before an API key is changed: whether it is revoked or expired, and the first permission
-- that it holds and the caller does not.
-- rows: one
select revoke_time is not null as is_revoked, coalesce(expire_time <= now(), false) as is_expired,
       (select min(held) from unnest(permissions) held where held <> all(:arg.held::text[])) as beyond
  from core_api_key
 where id = :arg.id::bigint
   for update
