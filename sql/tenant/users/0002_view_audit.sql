-- The permission to read the audit.  Tenant Admins holds every permission of its tenant, so a migration that
-- declares one gives it to that group.  And what is the platform's can be declared in no tenant.
-- migrate:up
insert into auth_permission (app, codename, name) values ('users', 'view_audit', 'Can view the audit');
insert into auth_group_permissions (group_id, permission_id)
select g.id, p.id
  from auth_group g cross join auth_permission p
 where g.name = 'Tenant Admins' and p.app = 'users' and p.codename = 'view_audit';
alter table auth_permission add constraint auth_permission_app_check
    check (app not in ('tenants', 'platform', 'demo', 'auth', 'contenttypes', 'admin'));

-- migrate:down
alter table auth_permission drop constraint auth_permission_app_check;
delete from auth_permission where app = 'users' and codename = 'view_audit';
