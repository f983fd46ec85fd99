-- The demo requests d that a ListDemoRequests asks for.  For both forms of what is searched for, see user_filter.
(:state = '' or d.state = :state)
and (:search = ''
     or strpos(lower(d.company_name || ' ' || d.first_name || ' ' || d.last_name || ' ' || d.email), (select lower(normalize(:search)))) > 0
     or ((select normalize(:search) <> normalize(:search, NFD))
         and strpos(lower(d.company_name || ' ' || d.first_name || ' ' || d.last_name || ' ' || d.email), (select lower(normalize(:search, NFD)))) > 0))
