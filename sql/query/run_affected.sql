-- The tenants that a request is about and that are not where it leads, by what they have applied: for a plan.
-- rows: one
select coalesce(jsonb_agg(g), '[]')::text as groups
  from (select heads, count(*) as tenants
          from (select t.heads
                  from public.tenants_tenant t
                 where t.state <> 'deleted'
                   and (cardinality(:schemas::text[]) = 0 or t.schema_name = any (:schemas::text[]))
                   and case when :app = ''
                            then exists (select from jsonb_each_text(:arg.newest::jsonb) n
                                          where coalesce((t.heads ->> n.key)::integer, 0) < n.value::integer)
                            else coalesce((t.heads ->> :app)::integer, 0) <> :arg.number::integer end
                 order by t.id
                 limit nullif(:first::bigint, 0)) a
         group by heads
         order by count(*) desc
         limit 1000) g
