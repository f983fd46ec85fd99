-- Lists of users, members and sessions read no more rows than they show, in whatever order.  A search goes by the
-- trigrams of address and name, which are cut out by what every PostgreSQL has: the text in pieces of three
-- characters, beginning at its first, second and third.
-- migrate:up
-- a tenant's users are as many as it has people: these indexes take a second or two, in which writes of users wait
-- lint: allow index-lock
create index users_customuser_last_name on users_customuser (lower(last_name), id);
-- lint: allow index-lock
create index users_customuser_date_joined on users_customuser (date_joined, id);
-- lint: allow index-lock
create index users_customuser_search on users_customuser using gin (string_to_array(
    regexp_replace(lower(email || ' ' || first_name || ' ' || last_name), '(...)', E'\\1\n', 'g') || E'\n' ||
    regexp_replace(substr(lower(email || ' ' || first_name || ' ' || last_name), 2), '(...)', E'\\1\n', 'g') || E'\n' ||
    regexp_replace(substr(lower(email || ' ' || first_name || ' ' || last_name), 3), '(...)', E'\\1\n', 'g'), E'\n'));

-- lint: allow index-lock
create index users_customuser_groups_group on users_customuser_groups (group_id, user_id);
drop index users_customuser_groups_group_id;
-- lint: allow index-lock
create index core_session_user on core_session (user_id, id);
drop index core_session_user_id;

-- migrate:down
-- lint: allow index-lock
create index core_session_user_id on core_session (user_id);
drop index core_session_user;
-- lint: allow index-lock
create index users_customuser_groups_group_id on users_customuser_groups (group_id);
drop index users_customuser_groups_group;
drop index users_customuser_search;
drop index users_customuser_date_joined;
drop index users_customuser_last_name;
