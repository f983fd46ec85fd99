-- The portal of a transaction's last select stays open until the next statement, and with it a snapshot, for
-- which create index concurrently on the other connection would wait for ever.  A simple query closes it.  Meanwhile
-- this transaction is idle for as long as the statements there take, however many they are.
set local idle_in_transaction_session_timeout to '1d';
