-- rows: many into items
select i.run_id, i.tenant_id, i.schema_name, i.state, i.attempts, i.steps, i.duration_ms, i.update_time,
       i.sqlstate, i.error, i.file, i.line, i.statement, i.tenant_id::text as page_key,
       case when i.page_row = :page.scan then :state = '' or i.state = :state end as page_last
  from (select i.*, row_number() over (order by i.tenant_id) as page_row
          from (select i.*
                  from public.migration_item i
                 where i.run_id = :run_id and i.tenant_id > coalesce(:page.key::bigint, -1)
                 order by i.tenant_id
                 limit :page.scan) i) i
 where i.page_row = :page.scan or :state = '' or i.state = :state
 order by i.tenant_id
 limit :page.limit
