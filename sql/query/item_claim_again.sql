-- After a step outside a transaction: the item, if it is still this server's to write to.
-- rows: one
select i.tenant_id
  from public.migration_item i
  join public.migration_run r on r.id = i.run_id
 where i.run_id = :arg.run_id::bigint and i.tenant_id = :arg.tenant_id::bigint
   and i.state = 'pending' and i.attempts = :arg.attempts::integer and r.state = 'running'
   for update of i
