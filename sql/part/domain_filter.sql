-- The domains d of the tenant t that a ListDomains asks for.
(:kind = '' or d.kind = :kind)
and (:state = '' or d.state = :state)
and t.state not in ('deleted', 'purging')
