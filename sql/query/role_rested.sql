-- Returns roles to the pool that have been unused for long enough; a role's number is the end of its name.
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
