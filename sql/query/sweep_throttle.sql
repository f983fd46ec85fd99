-- rows: none
delete from public.core_throttle
 where key in (select key from public.core_throttle where paid_time < now() order by paid_time limit :arg.count::integer)
