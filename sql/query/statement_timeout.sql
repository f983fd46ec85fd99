-- Of the statements that follow in the transaction, where one before them has used up time.
-- rows: none
select set_config('statement_timeout', :arg.ms, true)
