-- rows: many into migrations
select app, name, checksum, apply_time, page_key
  from (select app, name, checksum, apply_time,
               to_char(apply_time at time zone 'UTC', 'YYYYMMDDHH24MISSUS') || '/' || app || '/' || name
                   as page_key
          from public.core_migration) m
 where page_key collate "C" > coalesce(:page.key, '')
 order by page_key collate "C"
 limit :page.limit
