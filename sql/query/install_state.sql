-- Asked again under the lock, in a statement of its own with its own snapshot.  If the workers' login inherited, or
-- could become the owner, tenants' roles would protect nothing.
-- rows: one
select current_database()::text as database,
       to_regclass('public.core_migration') is not null as installed,
       exists (select from pg_catalog.pg_roles r
                where r.rolname = :arg.worker_login
                  and not (r.rolsuper or r.rolinherit or r.rolcreaterole or r.rolbypassrls
                           or pg_has_role(r.oid, current_user, 'member'))) as worker_is_fit
