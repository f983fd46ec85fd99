-- The same where app users is older than 0006 and keeps no maker; that migration finds them by creator.
-- rows: one into api_key
insert into core_api_key (name, permissions, secret_hash, creator, expire_time)
values (:api_key.name,
        {api_key_permissions},
        :arg.hash::bytea, :arg.creator, :api_key.expire_time)
returning id, name, permissions, expire_time, 'active' as state, creator, create_time
