-- rows: one
select count(*) as count from core_api_key
 where revoke_time is null and (expire_time is null or expire_time > now()) and id <> :arg.except::bigint
