-- The second connection, on which statements run that allow no transaction.  Its session's settings go with it;
-- the lock names the run to whoever cancels it.
set search_path to :"schema", pg_temp;
set statement_timeout to :'timeout';
set lock_timeout to 0;
set client_connection_check_interval to 2000;
select pg_catalog.pg_advisory_lock_shared(7421, (:'run')::integer);
