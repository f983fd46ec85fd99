/* What every part of the server does to a call: fail it, allocate from it, ask what its caller may
 * do. */
#include "call/call.h"
#include "base/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

char *
call_vprintf(Call *call, const char *format, va_list arguments)
{
    char text[1024]; /* a message for a person; longer ones are cut */
    int size = vsnprintf(text, sizeof text, format, arguments);

    if (size < 0)
        return NULL;
    return call_strdup(call, text);
}

static const char no_memory_text[] = "the call needs too much memory";

static bool
call_vfail(Call *call, Code code, const char *format, va_list arguments)
{
    if (call->code != CODE_OK)
        return false;
    call->code = code;

    const char *text = call_vprintf(call, format, arguments);

    /* if even the text did not fit, call_alloc has already changed the code */
    call->text = text != NULL ? text : no_memory_text;
    return false;
}

bool
call_fail(Call *call, Code code, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    bool failed = call_vfail(call, code, format, arguments);
    va_end(arguments);
    return failed;
}

static bool
call_vfail_field(Call *call, Code code, const char *field, const char *format, va_list arguments)
{
    const char *description = call_vprintf(call, format, arguments);

    if (description == NULL)
        return false;
    if (call->code == CODE_OK) {
        call->code = code;
        call->text = call_printf(call, "%s %s", field, description);
    }
    if (call->violations == NULL)
        call->violations = call_alloc(call, LIMIT_VIOLATIONS * sizeof *call->violations);
    if (call->violations == NULL || call->violations_count == LIMIT_VIOLATIONS)
        return false;

    FieldViolation *violation = call_alloc(call, sizeof *violation);

    if (violation == NULL)
        return false;
    clientiq__v1__field_violation__init(violation);
    violation->field = call_strdup(call, field);
    violation->description = call_strdup(call, description);
    if (violation->field != NULL && violation->description != NULL)
        call->violations[call->violations_count++] = violation;
    return false;
}

bool
call_fail_field(Call *call, const char *field, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    bool failed = call_vfail_field(call, CODE_INVALID_ARGUMENT, field, format, arguments);
    va_end(arguments);
    return failed;
}

bool
call_fail_field_code(Call *call, Code code, const char *field, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    bool failed = call_vfail_field(call, code, field, format, arguments);
    va_end(arguments);
    return failed;
}

void *
call_alloc(Call *call, size_t size)
{
    void *memory = arena_alloc(call->arena, size);

    if (memory == NULL && call->text == NULL) {
        call->code = CODE_RESOURCE_EXHAUSTED;
        call->text = no_memory_text;
    }
    return memory;
}

char *
call_strdup(Call *call, const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = call_alloc(call, size);

    return copy == NULL ? NULL : memcpy(copy, text, size);
}

void
call_forget_changes(Call *call)
{
    call->changes_cached = call->changes_names = call->changes_roles = call->changes_runs = false;
    call->wakes_job = call->wakes_prover = call->fills_outbox = false;
    call->changes_tenant_id = 0;
}

void
call_forget_failure(Call *call)
{
    call->code = CODE_OK;
    call->text = call->detail = NULL;
    call->sqlstate[0] = '\0';
    call->violations = NULL;
    call->violations_count = 0;
    call->retry_after_ms = 0;
    call->plan_changed = call->replay = false;
    call_forget_changes(call);
}

char *
call_printf(Call *call, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    char *text = call_vprintf(call, format, arguments);
    va_end(arguments);
    return text;
}

bool
call_may(const Call *call, const char *permission)
{
    for (const char *held = call->caller.permissions; *held != '\0'; held += strlen(held) + 1)
        if (strcmp(held, permission) == 0)
            return true;
    return false;
}

int64_t
call_left_ms(const Call *call)
{
    int64_t left_us = call->deadline_us - clock_us();

    return left_us > 0 ? (left_us + 999) / 1000 : 0;
}

int64_t
caller_account_id(const Caller *caller)
{
    return caller->kind == CALLER_USER || caller->kind == CALLER_SUPERUSER ? caller->id : 0;
}

int64_t
caller_number(const Caller *caller)
{
    return caller->kind == CALLER_ACT_AS ? caller->superuser_id : caller->id;
}

const char *
caller_kind_name(CallerKind kind)
{
    switch (kind) {
    case CALLER_ANONYMOUS:
        return "anonymous";
    case CALLER_USER:
        return "user";
    case CALLER_SUPERUSER:
        return "superuser";
    case CALLER_OPERATOR:
        return "operator";
    case CALLER_ACT_AS:
        return "act_as";
    case CALLER_API_KEY:
        return "api_key";
    }
    return "unknown";
}

const char *
call_actor(Call *call)
{
    const Caller *caller = &call->caller;
    const char *kind = caller_kind_name(caller->kind);

    if (caller->kind == CALLER_API_KEY)
        return call_printf(call, "%s %" PRId64, kind, caller->id);
    return call_printf(call, "%s%s%s", kind, caller->email[0] != '\0' ? " " : "", caller->email);
}

int64_t
call_statement_ms(const Call *call)
{
    int64_t left_ms = call_left_ms(call), limit_ms = call->tenant.limits.statement_ms;

    return limit_ms > 0 && limit_ms < left_ms ? limit_ms : left_ms;
}
