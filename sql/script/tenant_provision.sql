-- An empty schema for a tenant; its role may read and write all tables that are created in it from here on.
set local search_path to :"schema", pg_temp;
create schema :"schema";
grant usage on schema :"schema" to :"role";
alter default privileges in schema :"schema"
    grant select, insert, update, delete on tables to :"role";
alter default privileges in schema :"schema" grant usage, select on sequences to :"role";
