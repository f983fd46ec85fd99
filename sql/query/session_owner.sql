-- rows: one
select user_id from core_session where id = :id and expire_time > now()
