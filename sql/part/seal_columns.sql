-- What is sealed of rows a of the audit: their numbers, and the hash of each.
string_agg(int8send(a.id), ''::bytea order by a.id) as ids,
string_agg(sha256(convert_to(jsonb_build_array(a.id, (extract(epoch from a.time) * 1000000)::bigint,
                                               a.caller_kind, a.caller_id, a.caller_email, a.origin,
                                               a.method, a.target, a.code, a.request_id, a.count)::text,
                             'UTF8')),
           ''::bytea order by a.id) as hashes
