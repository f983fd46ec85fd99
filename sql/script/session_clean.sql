-- What a script of somebody else's may have left with the connection, ahead of the next transaction.
reset all;
unlisten *;
close all;
discard temporary;
discard sequences;
select pg_catalog.pg_advisory_unlock_all()
