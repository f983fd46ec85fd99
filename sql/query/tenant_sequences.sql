-- The next of the sequences that script tenant_rows_sequences has read, by name.
-- rows: one
select s.name, s.last_value, s.is_called
  from jsonb_to_recordset(current_setting('ciq.rows_sequences')::jsonb)
       as s (name text, last_value bigint, is_called boolean)
 where s.name collate "C" > :arg.after
 order by s.name collate "C"
 limit 1
