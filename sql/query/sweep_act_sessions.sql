-- rows: none
delete from public.platform_act_session
 where id in (select id from public.platform_act_session where expire_time < now()
               order by expire_time limit :arg.count::integer)
