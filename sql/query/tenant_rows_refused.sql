-- Why a schema's rows cannot be carried into another schema, in words; the first reason, null if there is none.  Whether
-- its tables are what migrations make is not asked here.
-- rows: one
with recursive tables as (
    select c.oid, c.relname::text as name, c.relkind, c.relrowsecurity and c.relforcerowsecurity as is_forced, n.nspname
      from pg_catalog.pg_class c
      join pg_catalog.pg_namespace n on n.oid = c.relnamespace
     where n.nspname = :arg.schema and c.relkind in ('r', 'p') and not c.relispartition
       and c.relname not in ({stays_behind})
), columns as (
    select t.name as tab, a.attname::text as col, a.atttypid as type
      from tables t
      join pg_catalog.pg_attribute a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
                                    and a.attgenerated = ''
), parts (root, type) as ( -- a column's type, and all that its values consist of
    select distinct type, type from columns
    union
    select p.root, x.type
      from parts p
      join pg_catalog.pg_type y on y.oid = p.type
     cross join lateral (
        select y.typbasetype where y.typbasetype <> 0
        union all
        select y.typelem where y.typelem <> 0
        union all
        select a.atttypid from pg_catalog.pg_attribute a
         where a.attrelid = y.typrelid and y.typrelid <> 0 and a.attnum > 0 and not a.attisdropped
        union all
        select g.rngsubtype from pg_catalog.pg_range g where y.oid in (g.rngtypid, g.rngmultitypid)
     ) x (type)
), partitions as (
    select t.name as root, c.oid, c.relname::text as name, c.relkind, m.nspname as schema
      from tables t
     cross join lateral pg_catalog.pg_partition_tree(t.oid) w
      join pg_catalog.pg_class c on c.oid = w.relid and w.level > 0
      join pg_catalog.pg_namespace m on m.oid = c.relnamespace
     where t.relkind = 'p'
), reasons (rank, name, reason) as (
    select 1, t.name,
           format('not all rows of the table %s can be read, since it forces row level security on its owner too: a '
                  'superuser must say alter role %I bypassrls', t.name, current_user)
      from tables t
     where t.is_forced and not exists (select from pg_catalog.pg_roles
                                        where rolname = current_user and (rolsuper or rolbypassrls))
    union all
    select 2, c.tab,
           format('the column %s of the table %s has values of the type %s: they name what is in this database alone, so '
                  'that they would be wrong in a copy', c.col, c.tab, b.typname)
      from columns c
      join parts p on p.root = c.type
      join pg_catalog.pg_type b on b.oid = p.type and b.typnamespace = 'pg_catalog'::regnamespace
     where b.typname like 'reg%'
        or b.typname in ('oid', 'aclitem', 'pg_node_tree', 'pg_ndistinct', 'pg_dependencies', 'pg_mcv_list')
    union all
    select 3, t.name, format('the table %s has no column whose values can be copied', t.name)
      from tables t
     where not exists (select from columns c where c.tab = t.name)
    union all
    select 4, p.name,
           format('%s, a partition of the table %s, %s', p.name, p.root,
                  case when p.relkind = 'f' then 'is a foreign table' else 'is in another schema: ' || p.schema end)
      from partitions p
     where p.relkind = 'f' or p.schema <> :arg.schema
    union all
    select 5, c.relname::text, format('the table %s is a partition of one in another schema', c.relname)
      from pg_catalog.pg_class c
      join pg_catalog.pg_namespace n on n.oid = c.relnamespace
     where n.nspname = :arg.schema and c.relispartition and c.relkind in ('r', 'p')
       and not exists (select from partitions p where p.oid = c.oid)
    union all
    select 6, x.name, format('the name of %s has a line break', quote_literal(x.name))
      from (select name from tables union all select col from columns
            union all
            select c.relname::text
              from pg_catalog.pg_class c
              join pg_catalog.pg_namespace n on n.oid = c.relnamespace
             where n.nspname = :arg.schema and c.relkind in ('S', 'm')) x (name)
     where position(E'\n' in x.name) > 0
)
select (select reason from reasons order by rank, name, reason limit 1) as reason
