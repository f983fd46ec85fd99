-- Back to the platform, after the owner has worked in a tenant's schema.
-- rows: none
set local search_path to public, pg_temp
