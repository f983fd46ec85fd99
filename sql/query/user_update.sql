-- Updates what no server keeps in memory, so it sends no notification.
-- rows: none
update users_customuser
   set first_name = case when :mask.user.first_name then :user.first_name else first_name end,
       last_name = case when :mask.user.last_name then :user.last_name else last_name end,
       phone_number = case when :mask.user.phone_number then :user.phone_number else phone_number end,
       job_title = case when :mask.user.job_title then :user.job_title else job_title end,
       department = case when :mask.user.department then :user.department else department end,
       preferences = case when :mask.user.preferences
                          then coalesce(nullif(:user.preferences, ''), '{}')::jsonb
                          else preferences end
 where id = :id
