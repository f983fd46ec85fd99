-- rows: one into plan_limits
-- changes: names
update public.tenants_plan
   set max_users = case when :mask.plan_limits.max_users then :plan_limits.max_users else max_users end,
       max_api_keys = case when :mask.plan_limits.max_api_keys then :plan_limits.max_api_keys
                           else max_api_keys end,
       max_requests_per_second = case when :mask.plan_limits.max_requests_per_second
                                      then :plan_limits.max_requests_per_second
                                      else max_requests_per_second end,
       max_statement_ms = case when :mask.plan_limits.max_statement_ms then :plan_limits.max_statement_ms
                               else max_statement_ms end
 where plan = :plan_limits.plan
returning plan, max_users, max_api_keys, max_requests_per_second, max_statement_ms
