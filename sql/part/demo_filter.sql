-- The demo requests d that a ListDemoRequests asks for.
(:state = '' or d.state = :state)
and (:search = ''
     or strpos(lower(d.company_name || ' ' || d.first_name || ' ' || d.last_name || ' ' || d.email),
               lower(:search)) > 0)
