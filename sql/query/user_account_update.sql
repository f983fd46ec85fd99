-- Updates what servers keep in memory of a user who is signed in.
-- rows: none
-- changes: tenant
update users_customuser
   set email = case when :mask.user.email then :user.email else email end,
       is_admin = case when :mask.user.is_admin then :user.is_admin else is_admin end,
       is_active = case when :mask.user.is_active then :user.is_active else is_active end
 where id = :id
