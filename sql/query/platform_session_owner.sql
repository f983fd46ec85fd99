-- rows: one
select user_id from public.platform_session where id = :id and expire_time > now()
