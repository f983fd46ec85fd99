-- From here on the file of a shared migration is what was applied, whatever it was then.
-- rows: none
update public.core_migration
   set checksum = :arg.checksum
 where app = :arg.app and name = :arg.name
