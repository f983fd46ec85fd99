-- rows: one into superuser
select {superuser_columns}
  from public.platform_superuser
 where id = :id
