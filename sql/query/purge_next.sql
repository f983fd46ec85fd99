-- The next deleted tenant whose retention time is over, if no other server is purging it and it was not put off.
-- A failure in the future was before the clock was set back.
-- rows: one
select t.id, t.schema_name, t.role, t.state
  from public.tenants_tenant t
 where t.state in ('deleted', 'purging') and t.purge_time <= now()
   and not exists (select from public.tenants_setback s
                    where s.task = 'purge' and s.tenant_id = t.id and s.next_time > now() and s.update_time <= now())
 order by t.purge_time, t.id
 limit 1
   for update of t skip locked
