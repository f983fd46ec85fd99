-- The context of one transaction, and of nothing beyond it: the first statement after BEGIN, or the first
-- of a pipeline that is its own transaction.  Never after a savepoint.
-- rows: none
select set_config('role', :arg.role, true),
       set_config('search_path', :arg.search_path, true),
       set_config('transaction_read_only', :arg.read_only, true),
       set_config('statement_timeout', :arg.statement_timeout, true),
       set_config('lock_timeout', :arg.lock_timeout, true),
       set_config('idle_in_transaction_session_timeout', :arg.idle_timeout, true),
       set_config('client_connection_check_interval', '2000', true)
