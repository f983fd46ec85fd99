-- What tries at an address are counted under: the account u that it leads to, however the address was written; or else
-- the address itself in one form.  No address begins with #.
coalesce('#' || u.id, lower(normalize(lower(:arg.counted::text), NFKC))) as identity
