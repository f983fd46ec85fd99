-- Newest first.
-- rows: many into runs
select {run_columns}, r.id::text as page_key
  from public.migration_run r
 cross join lateral (
       select {run_counts}
         from public.migration_item i
        where i.run_id = r.id) c
 where r.id < coalesce(:page.key::bigint, 9223372036854775807)
 order by r.id desc
 limit :page.limit
