-- A lock, so that one transaction at a time counts what a tenant's plan limits: an advisory lock of its own class on the
-- tenant's number.
-- rows: none
select pg_advisory_xact_lock(742002, (:tenant.id % 2147483647)::integer)
