-- How far the furthest tenant is with each app: these files cannot change any more.
-- rows: one
select coalesce(jsonb_object_agg(h.app, h.number), '{}')::text as heads
  from (select e.key as app, max(e.value::integer) as number
          from public.tenants_tenant t
         cross join jsonb_each_text(t.heads) e
         where t.state <> 'purging'
         group by e.key) h
