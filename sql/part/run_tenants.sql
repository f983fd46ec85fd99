-- The tenants t that a request for a run is about and that are not where it leads.
from public.tenants_tenant t
where t.state <> 'deleted'
  and (cardinality(:schemas::text[]) = 0 or t.schema_name = any (:schemas::text[]))
  and case when :app = ''
           then exists (select from jsonb_each_text(:arg.newest::jsonb) n
                         where coalesce((t.heads ->> n.key)::integer, 0) < n.value::integer)
           else coalesce((t.heads ->> :app)::integer, 0) <> :arg.number::integer end
order by t.id
limit nullif(:first::bigint, 0)
