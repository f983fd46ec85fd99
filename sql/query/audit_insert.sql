-- rows: none
insert into core_audit (caller_kind, caller_id, caller_email, origin, method, target, code, request_id, count)
values (:arg.kind, :arg.caller_id, :caller.email, :call.origin, :call.method, :arg.target, :arg.code, :call.id,
        :arg.count)
