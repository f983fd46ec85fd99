-- A schema that exists until the savepoint is rolled back, to show what migrations would create.
create schema :"scratch";
select set_config('search_path', :'path', true);
