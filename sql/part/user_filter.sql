-- The users u that a ListUsers asks for, whatever their order.
(:search = '' or strpos(lower(u.email), lower(:search)) > 0
 or strpos(lower(u.first_name || ' ' || u.last_name), lower(:search)) > 0)
and (:department = '' or lower(u.department) = lower(:department))
and (:is_active = '' or u.is_active = (:is_active = 'yes'))
and (:is_admin = '' or u.is_admin = (:is_admin = 'yes'))
