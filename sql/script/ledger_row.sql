insert into core_migration (app, name, checksum) values (:'app', :'name', :'checksum');
