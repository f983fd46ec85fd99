-- The permissions to look after API keys, which Tenant Admins gets with all others.
-- migrate:up
insert into auth_permission (app, codename, name)
select 'users', verb || '_apikey', 'Can ' || verb || ' API key'
  from unnest(array['add', 'change', 'delete', 'view']) verb;
insert into auth_group_permissions (group_id, permission_id)
select g.id, p.id
  from auth_group g cross join auth_permission p
 where g.name = 'Tenant Admins' and p.app = 'users' and p.codename like '%\_apikey';

-- migrate:down
delete from auth_permission where app = 'users' and codename like '%\_apikey';
