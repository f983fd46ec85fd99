-- rows: many into items
select i.run_id, i.tenant_id, i.schema_name, i.state, i.attempts, i.steps, i.duration_ms, i.update_time,
       i.sqlstate, i.error, i.file, i.line, i.statement, i.tenant_id::text as page_key
  from public.migration_item i
 where i.run_id = :run_id and i.tenant_id > coalesce(:page.key::bigint, -1)
   and (:state = '' or i.state = :state)
 order by i.tenant_id
 limit :page.limit
