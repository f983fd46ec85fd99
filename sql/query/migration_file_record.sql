-- What the files of tenants' migrations are now, for the next start.
-- rows: none
insert into public.migration_file as k (app, number, name, checksum)
select f.app, f.number, f.name, f.checksum
  from jsonb_to_recordset(:arg.files::jsonb) as f (app text, number integer, name text, checksum text)
 order by f.app, f.number
    on conflict (app, number) do update set name = excluded.name, checksum = excluded.checksum
 where k.name <> excluded.name or k.checksum <> excluded.checksum
