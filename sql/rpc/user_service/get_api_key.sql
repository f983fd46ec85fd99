-- rows: one into api_key
select {api_key_columns}
  from core_api_key
 where id = :id
