-- The next materialized view of a schema, by name.
-- rows: one
select c.relname::text as name, c.relispopulated as is_populated
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
 where n.nspname = :arg.schema and c.relname > :arg.after::name and c.relkind = 'm'
 order by c.relname
 limit 1
