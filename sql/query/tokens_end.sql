-- rows: none
delete from users_token where user_id = :id
