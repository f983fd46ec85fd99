-- rows: many into groups
select {group_columns}, g.id::text as page_key
  from auth_group g
 where g.id > coalesce(:page.key::bigint, 0)
 order by g.id
 limit :page.limit
