-- Behind that statement: the session is as it was when it began.
-- rows: none
select set_config(name, reset_val, false)
  from pg_catalog.pg_settings
 where name in ('search_path', 'statement_timeout', 'lock_timeout', 'client_connection_check_interval')
