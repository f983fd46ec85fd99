-- What there is of a tenant: its role, its schema, and the right to use the one with the other.
-- rows: one
select r.oid is not null as has_role, n.oid is not null as has_schema,
       r.oid is not null and n.oid is not null and has_schema_privilege(r.oid, n.oid, 'usage') as has_usage
  from (select) one
  left join pg_catalog.pg_roles r on r.rolname = :arg.role
  left join pg_catalog.pg_namespace n on n.nspname = :arg.schema
