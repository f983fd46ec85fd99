-- Whether a group g is the one that is asked for: it has that name, or nobody has it and it has its composed form, in
-- which names are kept now.
(g.name = asked.name
 or (g.name = normalize(asked.name) and not exists (select from auth_group o where o.name = asked.name)))
