-- The first with this key goes on; a second waits for its end, and then fails on the primary key.
-- rows: none
insert into core_idempotency (key, request_hash) values (:arg.key, :arg.request_hash)
