-- Before the claim, so that whoever cancels the run afterwards finds this transaction.
-- rows: none
select pg_catalog.pg_advisory_xact_lock_shared(7421, :arg.id::integer)
