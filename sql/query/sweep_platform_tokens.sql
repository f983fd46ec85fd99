-- rows: none
delete from public.platform_token
 where secret_hash in (select secret_hash from public.platform_token where expire_time < now()
                        order by expire_time limit :arg.count::integer)
