-- A tenant's schema, empty; what is made in it from here on is its role's to read and write.
set local search_path to :"schema", pg_temp;
create schema :"schema";
grant usage on schema :"schema" to :"role";
alter default privileges in schema :"schema"
    grant select, insert, update, delete on tables to :"role";
alter default privileges in schema :"schema" grant usage, select on sequences to :"role";
