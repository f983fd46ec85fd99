-- rows: none
-- changes: cached
update users_customuser
   set email = case when :mask.user.email then :user.email else email end,
       first_name = case when :mask.user.first_name then :user.first_name else first_name end,
       last_name = case when :mask.user.last_name then :user.last_name else last_name end,
       is_admin = case when :mask.user.is_admin then :user.is_admin else is_admin end,
       is_active = case when :mask.user.is_active then :user.is_active else is_active end,
       phone_number = case when :mask.user.phone_number then :user.phone_number else phone_number end,
       job_title = case when :mask.user.job_title then :user.job_title else job_title end,
       department = case when :mask.user.department then :user.department else department end
 where id = :id
