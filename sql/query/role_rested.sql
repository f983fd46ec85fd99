-- Roles that have rested go back to the pool; their number is what their name ends with.
-- rows: none
with rested as (
    delete from public.role_rest
     where role in (select role from public.role_rest where rest_until <= now() order by rest_until limit 256)
    returning role
)
insert into public.role_pool (role, number)
select r.role, substring(r.role from '[0-9]+$')::bigint
  from rested r
  join pg_catalog.pg_roles p on p.rolname = r.role
