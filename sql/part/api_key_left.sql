-- How long the key k is still good with this secret; memory keeps it for a day at most.
(extract(epoch from least(k.expire_time, case when k.secret_hash <> :arg.hash then k.old_expire_time end,
                          now() + interval '1 day') - now()) * 1000000)::bigint as left_us
