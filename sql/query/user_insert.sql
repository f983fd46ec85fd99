-- rows: one into user
with created as (
    insert into users_customuser
           (email, password, first_name, last_name, is_admin, phone_number, job_title, department, preferences)
    values (:user.email, :arg.password, :user.first_name, :user.last_name, :user.is_admin,
            :user.phone_number, :user.job_title, :user.department,
            coalesce(nullif(:user.preferences, ''), '{}')::jsonb)
    returning *
), joined as (
    insert into users_customuser_groups (user_id, group_id)
    select created.id, g.id from created cross join auth_group g
     where exists (select from unnest(:user.groups::text[]) asked (name) where {is_named})
)
select id, email, first_name, last_name, is_admin, is_active, phone_number, job_title, department,
       array(select distinct g.name from auth_group g
              where exists (select from unnest(:user.groups::text[]) asked (name) where {is_named}) order by g.name) as groups,
       date_joined, last_login, preferences::text as preferences
  from created
