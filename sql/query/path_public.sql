-- Back to the platform, after the owner has filled a new tenant's schema.
-- rows: none
select set_config('search_path', 'public, pg_temp', true)
