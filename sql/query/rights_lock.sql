-- Changes of rights within one tenant happen one after the other; other writes do not take this lock.  It is a
-- statement of its own and the first of its transaction, so that later statements see what was there after locking.
-- rows: none
select pg_advisory_xact_lock(742002::bigint << 32 | :tenant.id::bigint)
