-- From now on a superuser may not act inside tenants: what they made there has ended for good.
-- rows: none
-- changes: tenant
update public.platform_superuser u set act_end_time = now()
 where u.id = :id and not ({may_act})
