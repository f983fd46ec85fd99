-- Takes from the pool what no tenant can be given: roles that are gone, or that the workers cannot take.
-- rows: none
delete from public.role_pool p
 where not exists (select from pg_catalog.pg_roles r
                     join pg_catalog.pg_auth_members m on m.roleid = r.oid
                     join pg_catalog.pg_roles w on w.oid = m.member and w.rolname = :arg.worker
                    where r.rolname = p.role)
