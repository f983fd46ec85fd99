-- Why calls cannot reach the tenant t with the role r and the schema n; null: they can, as far as these say.
case when n.oid is null then 'its schema is gone'
     when r.oid is null then 'its role is gone'
     when not exists (select from pg_catalog.pg_auth_members m
                        join pg_catalog.pg_roles w on w.oid = m.member
                       where m.roleid = r.oid and w.rolname = (select worker_login from public.core_installation))
         then 'the workers'' login cannot take its role'
     when t.state = 'active' and not has_schema_privilege(r.oid, n.oid, 'usage')
         then 'its role may not use the schema'
     when not coalesce(has_table_privilege(r.oid, to_regclass(format('%I.users_customuser', t.schema_name))::oid,
                                           'select'), false)
         then 'its role may not read the users'
     when not exists (select from pg_catalog.pg_default_acl f
                       cross join lateral aclexplode(f.defaclacl) a
                       -- the owner's: by its index, since all tenants have one
                       where f.defaclrole = n.nspowner and f.defaclnamespace = n.oid and f.defaclobjtype = 'f'
                         and a.grantee = r.oid)
          and exists (select from pg_catalog.pg_proc p
                       where p.pronamespace = n.oid and not p.prosecdef
                         and not has_function_privilege(r.oid, p.oid, 'execute'))
         then 'its role may not run the functions of its schema' end
