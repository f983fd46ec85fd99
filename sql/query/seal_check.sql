-- What there is now of the rows of a seal.  The hash of a row is that of seal_rows.sql.
-- rows: one
select string_agg(int8send(a.id), ''::bytea order by a.id) as ids,
       string_agg(sha256(convert_to(jsonb_build_array(a.id, (extract(epoch from a.time) * 1000000)::bigint,
                                                      a.caller_kind, a.caller_id, a.caller_email, a.origin,
                                                      a.method, a.target, a.code, a.request_id, a.count)::text,
                                    'UTF8')),
                  ''::bytea order by a.id) as hashes
  from core_audit a
 where a.id = any (:arg.ids::bigint[])
