-- A lock, so that accounts with one address in two spellings are made one by one, on whatever server.
-- rows: none
select pg_advisory_xact_lock(742007, hashtext(current_schema || ' ' || :arg.counted))
