-- Which parts of a tenant exist: its role, its schema, and the role's right to use the schema.
-- rows: one
select r.oid is not null as has_role, n.oid is not null as has_schema,
       r.oid is not null and n.oid is not null and has_schema_privilege(r.oid, n.oid, 'usage') as has_usage
  from (select) one
  left join pg_catalog.pg_roles r on r.rolname = :arg.role
  left join pg_catalog.pg_namespace n on n.nspname = :arg.schema
