-- No row: there is no such sequence.
-- rows: one
select case when c.relkind = 'S' then setval(c.oid, :arg.value::bigint) end as value
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
 where n.nspname = :arg.schema and c.relname = :arg.name and c.relkind = 'S'
