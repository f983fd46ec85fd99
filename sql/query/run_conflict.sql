-- An earlier running run that has a schema of this one.
-- rows: one
select r.id, o.schema_name
  from public.migration_item i
  join public.migration_item o on o.tenant_id = i.tenant_id and o.run_id <> i.run_id and o.state = 'pending'
  join public.migration_run r on r.id = o.run_id and r.state = 'running'
 where i.run_id = :arg.id and i.state = 'pending'
 limit 1
