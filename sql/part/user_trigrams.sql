-- The trigrams of a user u, exactly as the index users_customuser_search of users/0006 has them.
string_to_array(
    regexp_replace(lower(u.email || ' ' || u.first_name || ' ' || u.last_name), '(...)', E'\\1\n', 'g') || E'\n' ||
    regexp_replace(substr(lower(u.email || ' ' || u.first_name || ' ' || u.last_name), 2), '(...)', E'\\1\n', 'g') || E'\n' ||
    regexp_replace(substr(lower(u.email || ' ' || u.first_name || ' ' || u.last_name), 3), '(...)', E'\\1\n', 'g'), E'\n')
