-- A lock for counting requests: those from one origin, and those with one e-mail address, are counted one by one.
-- rows: none
select pg_advisory_xact_lock(742003, hashtext(:arg.origin)),
       pg_advisory_xact_lock(742004, hashtext(lower(:demo_request.email)))
