-- The users u that a ListUsers asks for, whatever their order.  What is searched for may be composed in rows (NFC), or
-- decomposed in older ones; what it is in both is found out once, not for each row.
(:search = '' or strpos(lower(u.email), (select lower(normalize(:search)))) > 0
 or strpos(lower(u.first_name || ' ' || u.last_name), (select lower(normalize(:search)))) > 0
 or ((select normalize(:search) <> normalize(:search, NFD))
     and (strpos(lower(u.email), (select lower(normalize(:search, NFD)))) > 0
          or strpos(lower(u.first_name || ' ' || u.last_name), (select lower(normalize(:search, NFD)))) > 0)))
and (:department = '' or lower(u.department) = any((select array[lower(normalize(:department)), lower(normalize(:department, NFD))])::text[]))
and (:is_active = '' or u.is_active = (:is_active = 'yes'))
and (:is_admin = '' or u.is_admin = (:is_admin = 'yes'))
