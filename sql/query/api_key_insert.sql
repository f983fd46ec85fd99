-- rows: one into api_key
insert into core_api_key (name, permissions, secret_hash, creator, expire_time)
values (:api_key.name,
        {api_key_permissions},
        :arg.hash::bytea, :arg.creator, :api_key.expire_time)
returning {api_key_columns}
