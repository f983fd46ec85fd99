-- What there is now of the rows of a seal.
-- rows: one
select {seal_columns}
  from core_audit a
 where a.id = any (:arg.ids::bigint[])
