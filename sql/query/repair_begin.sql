-- What a repair's statements run with: the tenant's schema, and functions whose bodies name what comes after them.
-- rows: none
select set_config('search_path', :arg.search_path, true), set_config('check_function_bodies', 'off', true)
