-- Two shapes as schema_shape.sql gives them, thing by thing.
-- rows: many into differences
with wanted as (
    select distinct split_part(l, E'\t', 1) as object, substr(l, strpos(l, E'\t') + 1) as what
      from unnest(string_to_array(nullif(:arg.wanted, ''), E'\n')) l
     where l <> ''
), found as (
    select distinct split_part(l, E'\t', 1) as object, substr(l, strpos(l, E'\t') + 1) as what
      from unnest(string_to_array(nullif(:arg.found, ''), E'\n')) l
     where l <> ''
)
select :arg.schema as schema_name, coalesce(w.object, f.object) as object,
       case when f.object is null then 'missing' when w.object is null then 'unexpected' else 'different' end as problem,
       coalesce(w.what, '') as expected, coalesce(f.what, '') as got
  from wanted w
  full join found f on f.object = w.object
 where w.what is distinct from f.what
 order by 2
 limit 200
