-- rows: one into api_key
select {api_key_columns}
  from public.core_api_key k
  {platform_api_key_maker}
  {platform_api_key_maker_state}
 where k.id = :arg.id::bigint
