-- rows: none
savepoint step
