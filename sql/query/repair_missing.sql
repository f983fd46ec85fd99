-- What a schema lacks of its definitions, or has in another way, in the order in which it can be made again: a line each, of
-- fields that are separated by tabs.  A statement is empty where nothing is to be run; in it, a backslash, tab and line feed
-- are written as \\, \t and \n.  Whether the role may use the schema depends on the tenant's state, and is not looked at.
-- rows: one
with wanted as (
    select *, w.object in (w.tab || ': table', w.tab || ': partitioned table', w.tab || ': foreign table') as is_table
      from jsonb_to_recordset(:arg.wanted::jsonb)
           as w (object text, what text, less text, lead text, label text, tab text, phase integer, oid bigint, sub integer,
                 ddl text, weak boolean, adds boolean)
), found as (
    select distinct split_part(l, E'\t', 1) as object, split_part(l, E'\t', 2) as what
      from unnest(string_to_array(:arg.found, E'\n')) l
     where l <> ''
), lacking as (
    select w.*, f.object is null as is_missing, w.less = f.what as is_less,
           w.adds and not string_to_array(w.what, ', ')
                          <@ string_to_array(concat(f.what, ', ', replace(f.what, ' with grant option', '')), ', ') as is_part
      from wanted w
      left join found f on f.object = w.object
     where f.what is distinct from w.what and w.phase <= :arg.phase::integer
       and w.object <> 'schema: rights of its role'
)
select coalesce(string_agg(concat_ws(E'\t',
           case when is_missing and not (adds and ddl is null) then 'missing' else 'different' end, is_table, weak, tab,
           replace(case when is_less then case when sub > 0 then 'default of ' else 'validation of ' end else '' end
                   || label, E'\n', ' '),
           coalesce(replace(replace(replace(case when is_missing or is_part then ddl when is_less then lead end,
                                            '\', '\\'), E'\t', '\t'), E'\n', '\n'), '')),
           E'\n' order by phase, oid, sub), '') as missing
  from lacking l
 -- the statement of a table has its columns, and an identity column has its sequence
 where not (is_missing and ddl is null and object like '%: sequence')
   and (sub = 0 or not is_missing or phase > 1
    or not exists (select from lacking t where t.is_table and t.is_missing and t.tab = l.tab))
