-- Sent before the claim, so that whoever cancels the run afterwards finds this transaction.  Its commit does not wait
-- for the disk: a crash undoes all of it, and the item is pending again.  The commit that ends the run waits for all.
-- rows: none
select pg_catalog.pg_advisory_xact_lock_shared(7421, :arg.id::integer), set_config('synchronous_commit', 'off', true)
