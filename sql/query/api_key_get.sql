-- rows: one into api_key
select {api_key_columns}
  from core_api_key k
  {api_key_maker}
  {api_key_maker_state}
 where k.id = :arg.id::bigint
