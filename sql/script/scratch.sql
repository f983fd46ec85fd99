-- A schema that exists until the savepoint is rolled back, to show what migrations would create.
create schema :"scratch";
set local search_path to :"scratch", pg_temp;
