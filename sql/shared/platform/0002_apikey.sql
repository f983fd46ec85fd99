-- The permissions to look after the platform's API keys, and what a key of the platform can hold beside them.
-- migrate:up
insert into public.platform_permission (app, codename, name)
select 'platform', verb || '_apikey', 'Can ' || verb || ' API key'
  from unnest(array['add', 'change', 'delete', 'view']) verb
union all
values ('auth', 'check', 'May ask what the holder of a session may do');
insert into public.platform_role_permission (platform_role, app, codename)
select role, app, codename
  from public.platform_permission cross join unnest(array['owner', 'operator', 'support', 'read-only']) role
 where ((app, codename) = ('auth', 'check') or codename like '%\_apikey')
   and (role in ('owner', 'operator') or codename = 'view_apikey');

-- migrate:down
delete from public.platform_role_permission where (app, codename) = ('auth', 'check') or codename like '%\_apikey';
delete from public.platform_permission where (app, codename) = ('auth', 'check') or codename like '%\_apikey';
