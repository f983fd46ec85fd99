-- The admin of a tenant that was a demo request: without a password, but with a mail that has a link for setting one,
-- and in the group that holds every permission of the tenant.
-- rows: none
with admin as (
    insert into users_customuser (email, first_name, last_name, is_admin, job_title, phone_number)
    values (:arg.email, :arg.first_name, :arg.last_name, true, :arg.job_title, :arg.phone)
    returning id, email
), {tenant_admins}, member as (
    insert into users_customuser_groups (user_id, group_id)
    select admin.id, admins.id from admin cross join admins
)
insert into core_outbox (template, recipient, user_id, parameters)
select 'welcome', admin.email, admin.id,
       jsonb_build_object('company_name', :arg.company_name::text, 'first_name', :arg.first_name::text,
                          'domain', :arg.domain::text)
  from admin
