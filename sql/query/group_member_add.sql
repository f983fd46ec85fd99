-- rows: none
-- changes: tenant
insert into users_customuser_groups (user_id, group_id) values (:user_id, :group_id)
    on conflict do nothing
