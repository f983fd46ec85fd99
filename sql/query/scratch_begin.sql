-- rows: none
savepoint scratch
