-- The same for a key of the platform.
-- rows: one
select k.id, 0::bigint as superuser_id, ''::text as create_us,
       (select string_agg(held, E'\n' order by held collate "C")
          from unnest(k.permissions) held
         where u.id is null
            or exists (select from public.platform_role_permission p
                        where p.app || '.' || p.codename = held and {superuser_holds})) as permissions,
       {api_key_left}
  from public.core_api_key k
  {platform_api_key_maker}
 where {api_key_live}
   and (c.kind is distinct from 'superuser' or not :arg.ends::boolean or coalesce(u.is_active, false))
