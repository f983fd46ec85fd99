-- Asked again under the lock, as its own statement with its own snapshot.
-- rows: one
select current_database()::text as database,
       to_regclass('public.core_migration') is not null as installed
