-- rows: none
commit
