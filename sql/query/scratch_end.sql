-- Rolls back the scratch schema and resets search_path.
-- rows: none
rollback to savepoint scratch
