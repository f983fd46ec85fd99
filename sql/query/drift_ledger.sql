-- A schema's ledger, as lines of the schema's shape; a checksum that means the same as the file's is shown as that.
-- rows: one
select coalesce(string_agg('ledger: ' || k.app || '/' || k.name || E'\t' ||
                           case when f.former ? k.checksum then f.checksum else k.checksum end,
                           E'\n' order by k.app, k.name), '') as ledger
  from core_migration k
  left join jsonb_to_recordset(:arg.files::jsonb) as f (app text, name text, checksum text, former jsonb)
    on f.app = k.app and f.name = k.name
