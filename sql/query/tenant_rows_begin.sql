-- Before a schema is filled: notes the settings that filling changes, and what the scripts after this are about.  It is
-- given here, as values, since none of it may become part of a script's text.
-- rows: none
select set_config('ciq.rows_settings',
                  (select jsonb_object_agg(s.name, current_setting(s.name, true))
                     from unnest(array['datestyle', 'intervalstyle', 'timezone', 'extra_float_digits', 'bytea_output',
                                       'xmloption', 'lc_monetary', 'row_security']) s (name))::text, true),
       {rows_settings}, set_config('ciq.rows_tables', :arg.tables, true), set_config('ciq.rows_state', :arg.state, true)
