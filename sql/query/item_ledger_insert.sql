-- rows: none
insert into core_migration (app, name, checksum) values (:arg.app, :arg.name, :arg.checksum)
