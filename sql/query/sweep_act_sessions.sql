-- rows: none
delete from public.platform_act_session where expire_time < now()
