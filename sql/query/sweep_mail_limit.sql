-- rows: none
delete from public.core_mail_limit
 where key in (select key from public.core_mail_limit where paid_time < now() order by paid_time limit :arg.count::integer)
