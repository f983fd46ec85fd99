-- rows: one into demo_request
select {demo_columns}
  from public.demo_demorequest d
 where d.id = :id
