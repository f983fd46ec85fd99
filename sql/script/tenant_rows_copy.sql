-- Copies the rows of some tables from one tenant's schema into another's, and counts them there.  It is one statement,
-- so it sees one snapshot, without a lock that makes writers wait.  A type of the tenant's own is another one in each
-- schema: its values go from one to the other as text.
do $block$
declare
    sums text;
begin
    execute (select format('with %s select jsonb_object_agg(s.tab, s.sum) from (%s) s',
                           string_agg(format('c%s as (insert into %I.%I (%s) overriding system value '
                                             'select %s from %s%I.%I)',
                                             c.oid, :'schema', c.relname, a.names, a.values,
                                             case s.relkind when 'r' then 'only ' else '' end, :'source', s.relname), ', '),
                           string_agg(format('select %L::text as tab, (%s) as sum', c.relname, n.count), ' union all '))
               from unnest(string_to_array(current_setting('ciq.rows_tables'), E'\n'),
                           string_to_array(current_setting('ciq.rows_counts'), E'\n')) n (tab, count)
               join pg_class c on c.relnamespace = to_regnamespace(quote_ident(:'schema')) and c.relname = n.tab
               join pg_class s on s.relnamespace = to_regnamespace(quote_ident(:'source')) and s.relname = n.tab
              cross join lateral (
                select string_agg(quote_ident(t.attname), ', ' order by t.attnum) as names,
                       string_agg(case when o.atttypid = t.atttypid then quote_ident(t.attname)
                                       else format('%I::text::%s', t.attname, format_type(t.atttypid, t.atttypmod)) end,
                                  ', ' order by t.attnum) as values
                  from pg_attribute t
                  join pg_attribute o on o.attrelid = s.oid and o.attname = t.attname
                 where t.attrelid = c.oid and t.attnum > 0 and not t.attisdropped and t.attgenerated = '') a)
       into sums;
    perform set_config('ciq.rows_sums', sums, true);
end
$block$;
