-- Records a failed conversion, after all of it was rolled back; a newer state is not overwritten.
-- rows: none
with failed as (
    update public.demo_demorequest set state = 'failed', update_time = now()
     where id = :arg.id::bigint and state in ('pending', 'processing', 'approved', 'failed')
    returning id
)
insert into public.demo_event (demo_id, kind, text, actor)
select id, 'state', 'failed: ' || :arg.text, :arg.actor from failed
