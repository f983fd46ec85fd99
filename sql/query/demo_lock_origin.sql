-- Requests of one origin, and of one address, are counted one after the other.
-- rows: none
select pg_advisory_xact_lock(742003, hashtext(:arg.origin)),
       pg_advisory_xact_lock(742004, hashtext(lower(:demo_request.email)))
