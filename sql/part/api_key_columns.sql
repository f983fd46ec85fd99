-- An API key k with all that its message has; c and m say who made it.  State is that of now.
k.id, k.name, k.permissions, k.expire_time,
case when k.revoke_time is not null then 'revoked'
     when m.state in ('inactive', 'gone') and (:arg.ends::boolean or c.kind = 'act_as') then 'ended'
     when k.expire_time <= now() then 'expired'
     else 'active' end as state,
k.creator, k.create_time, k.rotate_time, k.old_expire_time as old_token_expire_time, k.revoke_time, k.last_use_time,
case when c.id > 0 then c.id else 0 end as creator_id, m.state as creator_state
