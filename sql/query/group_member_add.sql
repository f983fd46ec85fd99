-- rows: none
-- changes: cached
insert into users_customuser_groups (user_id, group_id) values (:user_id, :group_id)
    on conflict do nothing
