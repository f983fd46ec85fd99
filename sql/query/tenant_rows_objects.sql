-- What a schema has beside tables that a copy of its rows depends on, one a line.  A composite type is written with its
-- attributes, since its values are read by their places; so is a table if its rows are the values of a column.
-- rows: one
with relations as (
    select c.oid, c.relname::text as name, c.relkind, c.reltype, c.relnamespace
      from pg_catalog.pg_class c
      join pg_catalog.pg_namespace n on n.oid = c.relnamespace
     where n.nspname = :arg.schema and c.relkind in ('S', 'm', 'c', 'r', 'p', 'v', 'f')
), values_of as (
    select r.oid from relations r where r.relkind = 'c'
    union
    select v.oid
      from relations r
      join pg_catalog.pg_attribute t on t.attrelid = r.oid and t.attnum > 0 and not t.attisdropped
      join pg_catalog.pg_type y on y.oid = t.atttypid
      join relations v on v.reltype in (y.oid, y.typelem) and v.reltype <> 0
)
select coalesce(string_agg(l.line, E'\n' order by l.line), '') as lines
  from (select case relkind when 'S' then 'sequence ' else 'materialized view ' end || name
          from relations where relkind in ('S', 'm')
        union all
        select 'type ' || c.name || ' ('
               || string_agg(t.attname::text || ' ' || {own_type}, ', ' order by t.attnum) || ')'
          from relations c
          join values_of v on v.oid = c.oid
          join pg_catalog.pg_attribute t on t.attrelid = c.oid and t.attnum > 0 and not t.attisdropped
          join pg_catalog.pg_type y on y.oid = t.atttypid
          left join pg_catalog.pg_type e on e.oid = y.typelem and y.typcategory = 'A'
         where :arg.types::boolean
         group by c.oid, c.name) l (line)
