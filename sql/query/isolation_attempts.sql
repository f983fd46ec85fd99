-- The results of sql/script/isolation_try.sql, in the same transaction.
-- rows: many into checks
select :arg.schema as schema_name, r.subject, r.attempt, r.expected, r.got, r.got = r.expected as ok
  from jsonb_array_elements(current_setting('ciq.isolation')::jsonb) with ordinality as l (line, number)
 cross join lateral jsonb_to_record(l.line) as r (subject text, attempt text, expected text, got text)
 order by l.number
