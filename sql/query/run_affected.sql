-- The tenants that a request is about and that are not where it leads, by what they have applied: for a plan.
-- rows: one
select coalesce(jsonb_agg(g), '[]')::text as groups
  from (select heads, count(*) as tenants
          from (select t.heads
                  {run_tenants}) a
         group by heads
         order by count(*) desc
         limit 1000) g
