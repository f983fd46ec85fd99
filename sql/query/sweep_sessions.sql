-- rows: none
delete from core_session
 where id in (select id from core_session where expire_time < now() order by expire_time limit :arg.count::integer)
