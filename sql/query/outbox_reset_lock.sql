-- A lock, so that requests for one address are looked at one by one, on whatever server; whether somebody has it or not.
-- rows: none
select pg_advisory_xact_lock(742006, hashtext(current_schema || ' ' || :arg.identity))
