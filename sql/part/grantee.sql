-- Who holds the right a.
case a.grantee when 0 then 'everybody' else a.grantee::regrole::text end
