-- Whether a schema of this name exists, in the registry or only in the database.
-- rows: one
select exists (select from public.tenants_tenant where schema_name = :arg.schema)
       or exists (select from pg_catalog.pg_namespace where nspname = :arg.schema) as taken
