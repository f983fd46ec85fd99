-- Whether the role of platform calls is there and holds what it needs, and whether the database is closed to everybody
-- else, which a dump of it does not say.
-- rows: one
select current_database()::text as database,
       coalesce(has_schema_privilege(r.oid, 'public', 'usage')
                and has_table_privilege(r.oid, 'public.tenants_tenant', 'select, insert, update, delete')
                and exists (select from pg_catalog.pg_auth_members m
                              join pg_catalog.pg_roles w on w.oid = m.member and w.rolname = :arg.worker
                             where m.roleid = r.oid), false)
       and not exists (select from pg_catalog.pg_database b
                        cross join lateral aclexplode(coalesce(b.datacl, acldefault('d', b.datdba))) a
                        where b.datname = current_database() and a.grantee = 0 and pg_has_role(b.datdba, 'usage'))
           as is_right
  from (select) one
  left join pg_catalog.pg_roles r on r.rolname = :arg.platform
