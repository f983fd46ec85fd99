-- Every statement until the end sees the moment of the first one.
-- rows: none
begin isolation level repeatable read read only
