-- A lock for counting requests: those from one origin are counted one by one.
-- rows: none
select pg_advisory_xact_lock(742003, hashtext(:arg.origin))
