-- rows: none
delete from public.platform_token where user_id = :id
