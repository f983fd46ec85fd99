-- rows: none
-- changes: tenant
with wanted as (
    select g.id from auth_group g where exists (select from unnest(:user.groups::text[]) asked (name) where {is_named})
), left_groups as (
    delete from users_customuser_groups
     where user_id = :id and group_id not in (select id from wanted)
)
insert into users_customuser_groups (user_id, group_id)
select :id, id from wanted
    on conflict do nothing
