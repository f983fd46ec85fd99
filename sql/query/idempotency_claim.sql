-- The first call with this key continues; a second one waits until the first has ended, and then fails on the primary
-- key.
-- rows: none
insert into core_idempotency (key, request_hash) values (:arg.key, :arg.request_hash)
