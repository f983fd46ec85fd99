-- Sets the search_path of a transaction that began as the platform's and has only then found its tenant.
-- rows: none
select set_config('search_path', :arg.search_path, true)
