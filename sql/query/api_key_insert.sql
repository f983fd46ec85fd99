-- rows: one into api_key
insert into core_api_key (name, permissions, secret_hash, creator, expire_time, maker_kind, maker_id)
values (:api_key.name,
        {api_key_permissions},
        :arg.hash::bytea, :arg.creator, :api_key.expire_time, :arg.maker_kind, :arg.maker_id::bigint)
returning id, name, permissions, expire_time, 'active' as state, creator, create_time,
          maker_id as creator_id, case when maker_id > 0 then 'active' end as creator_state
