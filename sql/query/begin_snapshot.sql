-- Every statement of the transaction sees the rows as they were at the first one.
-- rows: none
begin isolation level repeatable read read only
