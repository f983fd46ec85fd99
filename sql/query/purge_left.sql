-- How many tables the schema still has.
-- rows: one
select count(*) as tables
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
 where n.nspname = :arg.schema and c.relkind in ('r', 'p')
