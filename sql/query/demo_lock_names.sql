-- A lock, so that two conversions do not look for a free name at the same time.
-- rows: none
select pg_advisory_xact_lock(742005)
