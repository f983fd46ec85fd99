-- The statements that count the rows of each table of the source, one a line, for script tenant_rows_copy.
-- rows: none
select set_config('ciq.rows_counts', :arg.counts, true)
