-- An empty schema for a tenant; its role may read and write all tables, and run all functions, that are created in it
-- from here on.
select set_config('search_path', :'path', true);
create schema :"schema";
grant usage on schema :"schema" to :"role";
alter default privileges in schema :"schema"
    grant select, insert, update, delete on tables to :"role";
alter default privileges in schema :"schema" grant usage, select on sequences to :"role";
alter default privileges in schema :"schema" grant execute on functions to :"role";
