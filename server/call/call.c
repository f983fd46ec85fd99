/* What every part of the server does to a call: fail it, allocate from it, ask what its caller may
 * do. */
#include "call/call.h"
#include "base/clock.h"
#include "proto/utf8.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#undef call_fail
#undef call_defect
#undef call_fail_field
#undef call_fail_field_code
#undef call_fail_text

/* A precision ("%.60s") cuts bytes, and half a character is neither a string of a message nor a
 * text of the database. */
static void
mend_cuts(char *text, size_t size)
{
    uint32_t character;

    for (size_t at = utf8_valid(text, size); at < size; at += utf8_valid(text + at, size - at))
        while (at < size && utf8_read(text + at, size - at, &character) == 0)
            text[at++] = '?';
}

char *
call_vprintf(Call *call, const char *format, va_list arguments)
{
    char text[1024]; /* what most messages fit into */
    va_list again;
    char *whole = NULL;
    int size;

    va_copy(again, arguments);
    size = vsnprintf(text, sizeof text, format, arguments);
    if (size >= 0 && (size_t) size < sizeof text)
        whole = call_strdup(call, text);
    else if (size >= 0 && (whole = call_alloc(call, (size_t) size + 1)) != NULL)
        (void) vsnprintf(whole, (size_t) size + 1, format, again);
    va_end(again);
    if (whole != NULL)
        mend_cuts(whole, (size_t) size);
    return whole;
}

static const char no_memory_text[] = "the call needs too much memory";

static bool
call_vfail(Call *call, Code code, const char *format, va_list arguments)
{
    if (call->failure.code != CODE_OK)
        return false;
    call->failure.code = code;

    const char *text = call_vprintf(call, format, arguments);

    /* if even the text did not fit, call_alloc has already changed the code */
    call->failure.text = text != NULL ? text : no_memory_text;
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

bool
call_fail_text(Call *call, Code code, const char *text)
{
    if (call->failure.code == CODE_OK) {
        call->failure.code = code;
        call->failure.text = text;
    }
    return false;
}

bool
call_defect(Call *call, const char *format, ...)
{
    va_list arguments;

    call->has_defect = true;
    if (call->failure.code != CODE_OK)
        return false;
    va_start(arguments, format);
    call->failure.detail = call_vprintf(call, format, arguments);
    va_end(arguments);
    return call_fail(call, CODE_INTERNAL, "the server has a defect; its log names this call");
}

static bool
call_vfail_field(Call *call, Code code, const char *field, const char *format, va_list arguments)
{
    const char *description = call_vprintf(call, format, arguments);

    if (description == NULL)
        return false;
    if (call->failure.code == CODE_OK) {
        call->failure.code = code;
        call->failure.text = call_printf(call, "%s %s", field, description);
    }
    if (call->failure.violations == NULL)
        call->failure.violations =
            call_alloc(call, LIMIT_VIOLATIONS * sizeof *call->failure.violations);
    if (call->failure.violations == NULL || call->failure.violations_count == LIMIT_VIOLATIONS)
        return false;

    FieldViolation *violation = call_alloc(call, sizeof *violation);

    if (violation == NULL)
        return false;
    clientiq__v1__field_violation__init(violation);
    violation->field = call_strdup(call, field);
    violation->description = call_strdup(call, description);
    if (violation->field != NULL && violation->description != NULL)
        call->failure.violations[call->failure.violations_count++] = violation;
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

    if (memory == NULL && call->failure.text == NULL) {
        call->failure.code = CODE_RESOURCE_EXHAUSTED;
        call->failure.text = no_memory_text;
    }
    return memory;
}

void *
call_grow(Call *call, void *list, size_t count, size_t *room)
{
    enum { ROOM_MIN = 64 };
    size_t wanted = *room == 0 ? ROOM_MIN : *room * 2;
    void *more;

    if (count < *room)
        return list;
    more = call_alloc(call, wanted * sizeof(void *));
    if (more == NULL)
        return NULL;
    if (count > 0)
        memcpy(more, list, count * sizeof(void *));
    *room = wanted;
    return more;
}

char *
call_strdup(Call *call, const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = call_alloc(call, size);

    return copy == NULL ? NULL : memcpy(copy, text, size);
}

void
call_change(Call *call, ChangeKind kind, int64_t tenant_id)
{
    if (!call->changes.is_open)
        (void) !call_defect(call, "a change is noted where nothing is written");
    changes_add(&call->changes, kind, tenant_id);
}

void
call_tell(const Call *call, ChangeKind kind, int64_t tenant_id)
{
    const ChangeListener *listener = &call->core->changes;

    listener->tell(listener->argument, (Change){kind, tenant_id});
}

void
call_forget_failure(Call *call)
{
    call->failure = (CallFailure){0};
    call->has_defect = false;
    call->changes.count = 0;
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

    if (call->statement_timeout_ms != 0)
        return call->statement_timeout_ms;
    return limit_ms > 0 && limit_ms < left_ms ? limit_ms : left_ms;
}

bool
call_fail_statement_ms(Call *call)
{
    uint32_t limit_ms = call->tenant.limits.statement_ms;

    if (limit_ms > 0 && call_statement_ms(call) == limit_ms)
        return call_fail(
            call, CODE_RESOURCE_EXHAUSTED,
            "a statement ran longer than the tenant's limit: max_statement_ms is %" PRIu32,
            limit_ms);
    return call_fail(call, CODE_DEADLINE_EXCEEDED, "the deadline passed while the database worked");
}
