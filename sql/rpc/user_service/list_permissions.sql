-- rows: many into permissions
select p.permission, p.name, p.permission as page_key
  from (select app || '.' || codename as permission, name from auth_permission) p
 where p.permission collate "C" > coalesce(:page.key, '')
 order by p.permission collate "C"
 limit :page.limit
