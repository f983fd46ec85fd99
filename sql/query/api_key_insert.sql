-- rows: one into api_key
insert into core_api_key (name, permissions, secret_hash, creator, expire_time)
values (:api_key.name,
        array(select distinct asked collate "C" from unnest(:api_key.permissions::text[]) asked order by 1),
        :arg.hash::bytea, :arg.creator, :api_key.expire_time)
returning id, name, permissions, expire_time,
       case when revoke_time is not null then 'revoked' when expire_time <= now() then 'expired'
            else 'active' end as state,
       creator, create_time, rotate_time, old_expire_time as old_token_expire_time, revoke_time, last_use_time
