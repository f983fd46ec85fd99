-- The second connection, on which statements run that allow no transaction: the lock, which its session keeps, names
-- the run to whoever cancels it.
select pg_catalog.pg_advisory_lock_shared(7421, (:'run')::integer);
