-- rows: one
select coalesce(current_setting('ciq.repaired', true), '') as repaired
