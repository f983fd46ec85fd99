-- Which parts of a tenant exist: its role, the workers' way to it, its schema, and the role's right to use the schema.
-- rows: one
select r.oid is not null as has_role, n.oid is not null as has_schema,
       r.oid is not null and n.oid is not null and has_schema_privilege(r.oid, n.oid, 'usage') as has_usage,
       exists (select from pg_catalog.pg_auth_members m
                 join pg_catalog.pg_roles w on w.oid = m.member and w.rolname = :arg.worker
                where m.roleid = r.oid) as has_member
  from (select) one
  left join pg_catalog.pg_roles r on r.rolname = :arg.role
  left join pg_catalog.pg_namespace n on n.nspname = :arg.schema
