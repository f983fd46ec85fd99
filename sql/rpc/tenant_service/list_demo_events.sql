-- rows: many into events
select e.id, e.kind, e.text, e.actor, e.create_time, e.id::text as page_key
  from public.demo_event e
 where e.demo_id = :id and e.id > coalesce(:page.key::bigint, 0)
 order by e.id
 limit :page.limit
