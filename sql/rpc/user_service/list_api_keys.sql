-- rows: many into api_keys
select {api_key_columns}, id::text as page_key
  from core_api_key
 where id > coalesce(:page.key::bigint, 0)
 order by id
 limit :page.limit
