-- Who made the key k of a tenant: c, and the user u, if it was one.  A schema whose app users is older than 0006 does not
-- have it.
cross join lateral (select to_jsonb(k) ->> 'maker_kind' as kind, (to_jsonb(k) ->> 'maker_id')::bigint as id) c
left join users_customuser u on c.kind = 'user' and u.id = c.id
