-- rows: one into group
select {group_columns}
  from auth_group g
 where g.id = :id
