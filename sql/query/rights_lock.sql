-- Changes of rights within one tenant come one after the other; ordinary writes never come here.  A
-- statement of its own, first in its transaction, so that what is read next is younger than the lock.
-- rows: none
select pg_advisory_xact_lock(742002::bigint << 32 | :tenant.id::bigint)
