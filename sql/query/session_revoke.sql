-- rows: none
-- changes: cached
delete from core_session where id = :id
