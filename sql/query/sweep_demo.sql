-- Demo requests that were rejected 90 days ago.
-- rows: none
delete from public.demo_demorequest
 where id in (select id from public.demo_demorequest
               where state = 'rejected' and update_time < now() - interval '90 days' limit :arg.count::bigint)
