-- The next settled rows that are not sealed: written by a transaction before which none is running any more, or by
-- one of another cluster, from which the database was restored.  The hash of a row is that of seal_check.sql.
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
select count(*) as count, string_agg(int8send(a.id), ''::bytea order by a.id) as ids,
       string_agg(sha256(convert_to(jsonb_build_array(a.id, (extract(epoch from a.time) * 1000000)::bigint,
                                                      a.caller_kind, a.caller_id, a.caller_email, a.origin,
                                                      a.method, a.target, a.code, a.request_id, a.count)::text,
                                    'UTF8')),
                  ''::bytea order by a.id) as hashes,
       max(a.xact) as xact, (array_agg(a.id order by a.xact desc, a.id desc))[1] as id,
       :arg.cursor_xact::bigint >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint as is_foreign
  from due a
