-- rows: many into api_keys
select {api_key_columns}, k.id::text as page_key
  from public.core_api_key k
  {platform_api_key_maker}
  {platform_api_key_maker_state}
 where k.id > coalesce(:page.key::bigint, 0)
 order by k.id
 limit :page.limit
