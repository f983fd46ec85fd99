-- Whether the secret is one of the key k, and the key has not ended by itself.
(k.secret_hash = :arg.hash or (k.old_secret_hash = :arg.hash and k.old_expire_time > now()))
and k.revoke_time is null
and (k.expire_time is null or k.expire_time > now())
