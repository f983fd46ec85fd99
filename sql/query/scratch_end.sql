-- Takes the scratch schema away again, and search_path back.
-- rows: none
rollback to savepoint scratch
