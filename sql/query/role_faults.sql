-- The tenants that calls cannot reach, because of their role or schema: how many, and the first ones as lines of
-- schema and reason.
-- rows: one
with found as (
    select t.id, t.schema_name, {role_fault} as fault
      from public.tenants_tenant t
      left join pg_catalog.pg_roles r on r.rolname = t.role
      left join pg_catalog.pg_namespace n on n.nspname = t.schema_name
     where t.state in ('active', 'suspended')
)
select count(*) as tenants,
       string_agg(schema_name || ' ' || fault, E'\n' order by id) filter (where place <= 20) as lines
  from (select f.*, row_number() over (order by id) as place from found f where fault is not null) f
