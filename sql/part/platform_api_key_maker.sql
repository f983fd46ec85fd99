-- The same for a key k of the platform, and the superuser u.
cross join lateral (select k.maker_kind as kind, k.maker_id as id) c
left join public.platform_superuser u on c.kind = 'superuser' and u.id = c.id
