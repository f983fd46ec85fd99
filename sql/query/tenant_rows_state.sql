-- What is known of the sequences only when the rows have been read.
-- rows: none
select set_config('ciq.rows_state', :arg.state, true)
