-- A schema that lives until the savepoint is rolled back, to see in it what migrations would make.
create schema :"scratch";
set local search_path to :"scratch", pg_temp;
