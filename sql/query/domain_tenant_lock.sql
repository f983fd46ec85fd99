-- Locks the tenant of a domain, or all that claim it: changes to one tenant's domains come one after the other.
-- What they decide on is read by a statement of its own, whose snapshot is younger than the lock.
-- rows: none
select t.id
  {domain_claims}
 order by t.id
   for update of t
