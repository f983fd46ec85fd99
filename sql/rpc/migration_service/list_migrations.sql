-- rows: many into migrations
select app, name, checksum, apply_time, app || '/' || name as page_key
  from public.core_migration
 where app || '/' || name > coalesce(:page.key, '')
 order by app || '/' || name
 limit :page.limit
