-- The same for a key k of the platform.
cross join lateral (
    select case when c.kind = 'superuser' and u.id is null then 'gone'
                when c.kind = 'superuser' then case when u.is_active then 'active' else 'inactive' end
           end as state) m
