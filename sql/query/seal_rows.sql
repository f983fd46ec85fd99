-- The next settled rows that are not sealed: written by a transaction before which none is running any more, or by
-- one of another cluster, from which the database was restored.
-- rows: one
with due as (
    select a.*
      from core_audit a
     where a.id > :arg.floor_id::bigint
       and (a.xact, a.id) > (:arg.cursor_xact::bigint, :arg.cursor_id::bigint)
       and (a.xact < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
            or a.xact >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint)
     order by a.xact, a.id
     limit 500
)
select count(*) as count, {seal_columns},
       max(a.xact) as xact, (array_agg(a.id order by a.xact desc, a.id desc))[1] as id,
       :arg.cursor_xact::bigint >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint as is_foreign
  from due a
