-- rows: one
select {demo_columns}
  from public.demo_demorequest d
 where d.id = :id
   for update
