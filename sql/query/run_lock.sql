-- One at a time decides which tenants a run is about, so that no tenant is in two running runs.
-- rows: none
select pg_advisory_xact_lock(742002)
