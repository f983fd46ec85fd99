-- rows: one
select exists (select from pg_catalog.pg_namespace where nspname = :arg.schema) as has_schema
