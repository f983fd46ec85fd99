-- rows: none
rollback to savepoint step
