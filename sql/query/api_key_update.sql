-- rows: none
-- changes: tenant
update core_api_key
   set name = case when :mask.api_key.name then :api_key.name else name end,
       permissions = case when :mask.api_key.permissions
                          then {api_key_permissions}
                          else permissions end,
       expire_time = case when :mask.api_key.expire_time then :api_key.expire_time else expire_time end
 where id = :id
