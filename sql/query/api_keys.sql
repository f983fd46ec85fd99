-- rows: many into api_keys
select {api_key_columns}, k.id::text as page_key
  from core_api_key k
  {api_key_maker}
  {api_key_maker_state}
 where k.id > coalesce(:page.key::bigint, 0)
 order by k.id
 limit :page.limit
