-- The mailbox of an address m.address, coarser than its spelling: without case, dots and what follows a + before the
-- @, and in one form of Unicode's.  Mails are counted by it; nobody is found by it.
lower(normalize(lower(replace(regexp_replace(split_part(m.address, '@', 1), '[+].*', ''), '.', '')
                      || '@' || split_part(m.address, '@', 2)), NFKC))
