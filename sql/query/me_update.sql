-- rows: none
update users_customuser
   set first_name = case when :mask.profile.first_name then :profile.first_name else first_name end,
       last_name = case when :mask.profile.last_name then :profile.last_name else last_name end,
       phone_number = case when :mask.profile.phone_number then :profile.phone_number else phone_number end,
       preferences = case when :mask.profile.preferences
                          then coalesce(nullif(:profile.preferences, ''), '{}')::jsonb
                          else preferences end
 where id = :caller.id
