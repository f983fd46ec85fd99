-- rows: many into groups
select g.id, g.name,
       array(select p.app || '.' || p.codename
               from auth_group_permissions h join auth_permission p on p.id = h.permission_id
              where h.group_id = g.id order by 1) as permissions,
       g.id::text as page_key
  from auth_group g
 where g.id > coalesce(:page.key::bigint, 0)
 order by g.id
 limit :page.limit
