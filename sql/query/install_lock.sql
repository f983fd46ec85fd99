-- One server at a time installs or migrates the shared schema; the others wait here.
-- rows: none
select pg_advisory_xact_lock(742000)
