-- rows: none
delete from core_migration where app = :arg.app and name = :arg.name
