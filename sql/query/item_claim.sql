-- The current schema name is in the tenant's own row, which is locked next: it may have changed since the run began.
-- rows: one
select i.run_id, i.tenant_id, i.schema_name, i.attempts, i.steps, r.is_shared, r.app, r.target, r.mode
  from public.migration_item i
  join public.migration_run r on r.id = i.run_id
 where i.run_id = :arg.id::bigint and r.state = 'running' and i.state = 'pending'
   and {item_is_due} and i.tenant_id > :arg.after::bigint
 order by i.tenant_id
 limit 1
   for update of i skip locked
