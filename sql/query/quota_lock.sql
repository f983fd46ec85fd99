-- One transaction at a time counts what a tenant's plan limits; the tenant's number, in a class of its own.
-- rows: none
select pg_advisory_xact_lock(742002, (:tenant.id % 2147483647)::integer)
