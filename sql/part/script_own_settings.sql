-- What a migration may set for itself with set local: name and value now, as one jsonb.
(select jsonb_object_agg(s.name, current_setting(s.name, true))
   from unnest(array['statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout', 'row_security',
                     'check_function_bodies', 'default_tablespace', 'default_table_access_method',
                     'client_min_messages', 'timezone', 'datestyle', 'intervalstyle', 'xmloption',
                     'synchronous_commit', 'work_mem', 'maintenance_work_mem']) s (name))
