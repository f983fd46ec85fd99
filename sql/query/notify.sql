-- Tells every server what changed; delivered when the transaction commits.
-- rows: none
select pg_catalog.pg_notify('ciq', :arg.payload)
