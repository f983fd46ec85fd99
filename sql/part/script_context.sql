-- What a migration must leave as it was: name and value now, as one jsonb.
(select jsonb_object_agg(s.name, current_setting(s.name, true))
   from unnest(array['role', 'session_authorization', 'search_path', 'client_encoding',
                     'standard_conforming_strings', 'session_replication_role', 'transaction_isolation',
                     'transaction_read_only', 'transaction_deferrable', 'default_transaction_isolation',
                     'default_transaction_read_only', 'default_transaction_deferrable']) s (name))
