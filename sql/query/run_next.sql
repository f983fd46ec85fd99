-- The next running run after :arg.after that has schemas to work on now and needs no app that this server does not know.
-- rows: one
select r.id
  from public.migration_run r
 where r.state = 'running' and r.id > :arg.after::bigint
   and not exists (select from jsonb_each_text(r.requires) q
                    where coalesce((case when r.is_shared then :arg.shared::jsonb else :arg.tenant::jsonb end
                                    ->> q.key)::integer, 0) < q.value::integer)
   and (exists (select from public.migration_item i
                 where i.run_id = r.id and i.state = 'pending' and {item_is_due})
        or not exists (select from public.migration_item i where i.run_id = r.id and i.state = 'pending'))
 order by r.id
 limit 1
