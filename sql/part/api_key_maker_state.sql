-- How it is with who made the key k of a tenant: m.  Who may act inside tenants now comes from the platform, or is not
-- asked (null).
cross join lateral (
    select case when c.kind = 'user' and u.id is null then 'gone'
                when c.kind = 'user' then case when u.is_active then 'active' else 'inactive' end
                when c.kind = 'act_as' and c.id < 0 then 'gone'
                when c.kind = 'act_as' and c.id > 0 and :arg.staff_ids::bigint[] is not null
                then case when exists (select
                                         from unnest(:arg.staff_ids::bigint[], :arg.staff_ends_us::bigint[]) s (id, ends_us)
                                        where s.id = c.id
                                          and s.ends_us < extract(epoch from k.create_time) * 1000000)
                          then 'active' else 'inactive' end
           end as state) m
