-- The time limit of the statements that follow in the transaction, after earlier ones have used some of the time.
-- rows: none
select set_config('statement_timeout', :arg.ms, true)
