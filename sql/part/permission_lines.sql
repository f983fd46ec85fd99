-- The permissions p, one a line.
string_agg(p.app || '.' || p.codename, E'\n'
           order by (p.app || '.' || p.codename) collate "C")
