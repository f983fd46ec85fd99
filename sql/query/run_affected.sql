-- The tenants of a request that are not at its target, grouped by their migrations, for a plan.
-- rows: one
select coalesce(jsonb_agg(g), '[]')::text as groups
  from (select heads, count(*) as tenants
          from (select t.heads
                  {run_tenants}) a
         group by heads
         order by count(*) desc
         limit 1000) g
