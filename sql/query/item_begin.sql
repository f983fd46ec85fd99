-- Before the claim, so that whoever cancels the run afterwards finds this transaction.  Its commit does not wait for
-- the disk, since what a crash takes back it takes back whole, and the item is pending again; the end of the run waits
-- for all.
-- rows: none
select pg_catalog.pg_advisory_xact_lock_shared(7421, :arg.id::integer), set_config('synchronous_commit', 'off', true)
