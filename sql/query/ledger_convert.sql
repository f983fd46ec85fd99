-- Gives the rows of the ledger that is first in search_path the checksums that files have now, where they have a former one.
-- rows: none
update core_migration k
   set checksum = f.checksum
  from jsonb_to_recordset(:arg.files::jsonb) as f (app text, name text, checksum text, former jsonb)
 where k.app = f.app and k.name = f.name and f.former ? k.checksum
