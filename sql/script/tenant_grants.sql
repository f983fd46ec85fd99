-- Repeats what provisioning grants in an empty schema.
alter default privileges in schema :"schema"
    grant select, insert, update, delete on tables to :"role";
alter default privileges in schema :"schema" grant usage, select on sequences to :"role";
alter default privileges in schema :"schema" grant execute on functions to :"role";
