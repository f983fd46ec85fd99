-- A user u as every list of users shows it.
u.id, u.email, u.first_name, u.last_name, u.is_admin, u.is_active, u.phone_number, u.job_title,
u.department,
array(select g.name from users_customuser_groups m join auth_group g on g.id = m.group_id
       where m.user_id = u.id order by g.name) as groups,
u.date_joined, u.last_login
