-- Back to the platform, after work with the owner's login in a tenant's schema.
-- rows: none
set local search_path to public, pg_temp
