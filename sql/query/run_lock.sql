-- Only one transaction at a time chooses the tenants of a run, so that no tenant is in two running runs.
-- rows: none
select pg_advisory_xact_lock(742002)
