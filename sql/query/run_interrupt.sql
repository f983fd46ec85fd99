-- Ends the statements of canceled runs, on whatever server they run: each item's transaction holds a lock that
-- names its run.
-- rows: one
select count(pg_catalog.pg_cancel_backend(l.pid)) as count
  from pg_catalog.pg_locks l
  join pg_catalog.pg_database d on d.oid = l.database and d.datname = current_database()
  join public.migration_run r on r.id = l.objid::bigint
 where l.locktype = 'advisory' and l.classid = 7421 and l.objsubid = 2 and r.state = 'canceled'
