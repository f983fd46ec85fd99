-- Whether a superuser may act inside tenants, and might since before something was made there.
-- rows: one
select u.id
  from public.platform_superuser u
 where u.id = :arg.superuser_id::bigint and {may_act}
   and (u.act_end_time is null
        or u.act_end_time < timestamptz 'epoch' + :arg.create_us::bigint * interval '1 microsecond')
