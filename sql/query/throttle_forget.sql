-- rows: none
delete from public.core_throttle where key = :arg.key
