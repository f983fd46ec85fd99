-- rows: many into superusers
select {superuser_columns}, id::text as page_key
  from public.platform_superuser
 where id > coalesce(:page.key::bigint, 0)
 order by id
 limit :page.limit
