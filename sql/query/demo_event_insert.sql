-- rows: one into event
insert into public.demo_event (demo_id, kind, text, actor)
values (:arg.id::bigint, :arg.kind, :arg.text, :arg.actor)
returning id, kind, text, actor, create_time
