-- Two shapes as schema_shape.sql gives them, object by object.  What is wanted was made in a scratch schema, whose name
-- nothing else has.  A partition of a table that the migrations make may have been made by a job at any later time; and the
-- role of a tenant that is not active may not use the schema.
-- rows: many into differences
with wanted as (
    select distinct split_part(l, E'\t', 1) as object, split_part(l, E'\t', 2) as what
      from unnest(string_to_array(replace(replace(concat_ws(E'\n', :arg.wanted::text, :arg.wanted_ledger::text),
                                                  quote_ident(:arg.scratch) || '.', quote_ident(:arg.schema) || '.'),
                                          quote_literal(:arg.scratch), quote_literal(:arg.schema)), E'\n')) l
     where l <> ''
), found as (
    select distinct split_part(l, E'\t', 1) as object, split_part(l, E'\t', 2) as what, split_part(l, E'\t', 3) as partition,
           split_part(l, E'\t', 4) as root
      from unnest(string_to_array(concat_ws(E'\n', :arg.found::text, :arg.found_ledger::text), E'\n')) l
     where l <> ''
), expected as (
    select w.object, w.what
      from wanted w
     where :arg.is_active::boolean or w.object <> 'schema: rights of its role'
)
select :arg.schema as schema_name, coalesce(w.object, f.object) as object,
       case when f.object is null then 'missing' when w.object is null then 'unexpected' else 'different' end as problem,
       left(coalesce(w.what, ''), 1000) || case when length(w.what) > 1000 then ' …' else '' end as expected,
       left(coalesce(f.what, ''), 1000) || case when length(f.what) > 1000 then ' …' else '' end as got
  from expected w
  full join found f on f.object = w.object
 where w.what is distinct from f.what
   and not (w.object is null and f.partition <> ''
            and exists (select from wanted r where r.object = f.root || ': partitioned table')
            and not exists (select from wanted p
                             where p.object in (f.partition || ': table', f.partition || ': partitioned table')))
 order by 2
 limit 200
