-- What script tenant_rows_copy has counted in the source, of one table.
-- rows: one
select current_setting('ciq.rows_sums')::jsonb ->> :arg.table as sum
