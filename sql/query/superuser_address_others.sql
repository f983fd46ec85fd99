-- The same for a superuser.
-- rows: one
select exists (select from public.platform_superuser u where {is_addressed} and u.id <> :arg.own_id::bigint) as are_there
