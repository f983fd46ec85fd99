-- After a schema was filled: the settings as they were before.
-- rows: none
select set_config(s.key, s.value, true) from jsonb_each_text(current_setting('ciq.rows_settings')::jsonb) s
