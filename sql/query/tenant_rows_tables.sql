-- The tables that a script is about, one a line; given here, as a value, since none of it may become part of its text.
-- rows: none
select set_config('ciq.rows_tables', :arg.tables, true)
