-- rows: none
delete from users_token
 where secret_hash in (select secret_hash from users_token where expire_time < now() order by expire_time
                        limit :arg.count::integer)
