-- Of the transaction, where its context is the platform's and the tenant is found only then.
-- rows: none
select set_config('search_path', :arg.search_path, true)
