-- A live API key, by either of its secrets, with what it holds of what its maker may do now.  Of a key that was made
-- under Act as, the superuser behind it, whom the platform knows.
-- rows: one
select k.id, case when c.kind = 'act_as' then c.id else 0 end as superuser_id,
       (extract(epoch from k.create_time) * 1000000)::bigint::text as create_us,
       (select string_agg(held, E'\n' order by held collate "C")
          from unnest(k.permissions) held
         where u.id is null or u.is_admin
            or exists (select from auth_permission p
                        where p.app || '.' || p.codename
                              = case held when 'auth.check' then 'users.view_customuser' else held end
                          and ({user_holds}))) as permissions,
       {api_key_left}
  from core_api_key k
  {api_key_maker}
 where {api_key_live}
   and (c.kind is distinct from 'user' or not :arg.ends::boolean or coalesce(u.is_active, false))
