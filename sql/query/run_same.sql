-- Another running run that does the same as this one, to all schemas of this one.
-- rows: one
select o.id
  from public.migration_run m
  join public.migration_run o on o.state = 'running' and o.id <> m.id and o.is_shared = m.is_shared
                             and o.app = m.app and o.target = m.target and o.mode = m.mode
                             and o.requires = m.requires
 where m.id = :arg.id
   and not exists (select from public.migration_item i
                    where i.run_id = m.id
                      and not exists (select from public.migration_item p
                                       where p.run_id = o.id and p.tenant_id = i.tenant_id
                                         and p.state in ('pending', 'failed')))
 order by o.id
 limit 1
