-- How many objects the schema still has.
-- rows: one
select count(*) as objects
  from pg_catalog.pg_depend d
  join pg_catalog.pg_namespace n on n.oid = d.refobjid
 where d.refclassid = 'pg_catalog.pg_namespace'::regclass and n.nspname = :arg.schema
