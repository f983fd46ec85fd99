-- The portal of a transaction's last select stays open until the next statement, and with it a snapshot, for
-- which create index concurrently on the other connection would wait for ever.  A simple query closes it.
select;
