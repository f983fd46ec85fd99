/* See calls.h.  A group for each write has a name that only one write can make; a user's department
 * is set to a number that grows, so that the value itself says which write was the last.  */
#include "calls.h"

#include "base/clock.h"

#include <poll.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAUSE_MS = 20 /* before an undecided write is repeated */, SAID_MAX = 20 };

/* What was wrong, in words; the first ones are enough. */
static void
say(const Caller *caller, atomic_long *count, const char *what, const char *text)
{
    static atomic_int said;

    atomic_fetch_add(count, 1);
    if (atomic_fetch_add(&said, 1) < SAID_MAX)
        fprintf(stderr, "chaos: %s caller %d: %s: %s\n", caller->schema, caller->number, what,
                text);
}

static bool
is_undecided(Code code)
{
    return code == CODE_UNAVAILABLE || code == CODE_DEADLINE_EXCEEDED || code == CODE_ABORTED ||
           code == CODE_RESOURCE_EXHAUSTED || code == CODE_CANCELLED;
}

/* NULL: it was refused, or the crowd has given up; what is wrong about that is counted. */
static ProtobufCMessage *
decide(Caller *caller, const char *method, const ProtobufCMessage *request)
{
    Crowd *crowd = caller->crowd;
    int64_t start_us = clock_us();
    uint8_t key[WIRE_KEY_SIZE];

    randombytes_buf(key, sizeof key);
    for (;;) {
        CiqError *error = NULL;
        ProtobufCMessage *response =
            ciq_call(caller->client, method_find(method), request,
                     &(CiqCallOptions){.idempotency_key = key, .timeout_ms = 5000}, &error);
        Code code = error == NULL ? CODE_OK : (Code) ciq_error_code(error);
        long taken_ms = (long) ((clock_us() - start_us) / 1000);

        if (response == NULL && !is_undecided(code))
            say(caller, code == CODE_ALREADY_EXISTS ? &crowd->wrongs.doubled : &crowd->wrongs.wrong,
                method, ciq_error_message(error));
        else if (response == NULL && atomic_load(&crowd->give_up))
            say(caller, &crowd->wrongs.undecided, method, ciq_error_message(error));
        ciq_error_free(error);
        if (response != NULL && taken_ms > atomic_load(&crowd->slowest_ms))
            atomic_store(&crowd->slowest_ms, taken_ms);
        if (response != NULL || !is_undecided(code) || atomic_load(&crowd->give_up))
            return response;
        atomic_fetch_add(&crowd->repeats, 1);
        (void) poll(NULL, 0, PAUSE_MS);
    }
}

static void
label(const Caller *caller, long number, char text[100])
{
    snprintf(text, 100, "chaos-%s-%d-%ld", caller->schema, caller->number, number);
}

/* False: the caller cannot go on, since it does not know what there is. */
static bool
write_group(Caller *caller)
{
    CiqCreateGroupRequest request = CLIENTIQ__V1__CREATE_GROUP_REQUEST__INIT;
    CiqGroup group = CLIENTIQ__V1__GROUP__INIT;
    char name[100];

    label(caller, caller->groups + 1, name);
    group.name = name;
    request.group = &group;

    ProtobufCMessage *response =
        decide(caller, "clientiq.v1.UserService/CreateGroup", &request.base);

    if (response == NULL)
        return false;
    caller->groups++;
    if (strcmp(((CiqCreateGroupResponse *) response)->group->name, name) != 0)
        say(caller, &caller->crowd->wrongs.wrong, "another group",
            ((CiqCreateGroupResponse *) response)->group->name);
    protobuf_c_message_free_unpacked(response, NULL);
    return true;
}

static bool
write_name(Caller *caller)
{
    CiqUpdateUserRequest request = CLIENTIQ__V1__UPDATE_USER_REQUEST__INIT;
    CiqUser user = CLIENTIQ__V1__USER__INIT;
    Google__Protobuf__FieldMask mask = GOOGLE__PROTOBUF__FIELD_MASK__INIT;
    char name[100], field[] = "department", *paths[] = {field};

    label(caller, caller->names + 1, name);
    user.department = name;
    mask.paths = paths;
    mask.n_paths = 1;
    request.id = caller->user_id;
    request.user = &user;
    request.update_mask = &mask;

    ProtobufCMessage *response =
        decide(caller, "clientiq.v1.UserService/UpdateUser", &request.base);

    if (response == NULL)
        return false;
    caller->names++;
    protobuf_c_message_free_unpacked(response, NULL);
    return true;
}

/* Whose the text is, and whether it is the newest. */
static void
check_name(Caller *caller, const char *found)
{
    Wrongs *wrongs = &caller->crowd->wrongs;
    char wanted[100], own[100];

    label(caller, caller->names, wanted);
    snprintf(own, sizeof own, "chaos-%s-%d-", caller->schema, caller->number);
    if (strcmp(found, wanted) == 0 || (caller->names == 0 && found[0] == '\0'))
        return;
    say(caller, strncmp(found, own, strlen(own)) == 0 ? &wrongs->stale : &wrongs->elsewhere, wanted,
        found);
}

static void
read_name(Caller *caller)
{
    CiqGetUserRequest request = CLIENTIQ__V1__GET_USER_REQUEST__INIT;
    CiqError *error = NULL;

    request.id = caller->user_id;

    CiqGetUserResponse *response = ciq_get_user(caller->client, &request, &error);

    if (response != NULL) {
        atomic_fetch_add(&caller->crowd->reads, 1);
        check_name(caller, response->user->department);
    } else if (!is_undecided((Code) ciq_error_code(error))) {
        say(caller, &caller->crowd->wrongs.wrong, "GetUser", ciq_error_message(error));
    }
    ciq_error_free(error);
    ciq_get_user_response_free(response);
}

void *
caller_run(void *argument)
{
    Caller *caller = argument;
    Crowd *crowd = caller->crowd;

    while (!atomic_load(&crowd->stop) && caller->groups < WRITES_MAX) {
        bool writes_group = randombytes_uniform(2) == 0;

        caller->is_in_flight = true;
        if (!(writes_group ? write_group(caller) : write_name(caller)))
            return NULL;
        caller->is_in_flight = false;
        atomic_fetch_add(&crowd->writes, 1);
        read_name(caller);
    }
    return NULL;
}

/* ---- afterwards ---- */

static long
number_of(PGconn *database, const char *format, const char *schema, const char *value)
{
    char statement[512];
    PGresult *result;
    long number = -1;

    snprintf(statement, sizeof statement, format, schema);
    result = PQexecParams(database, statement, value != NULL ? 1 : 0, NULL, &value, NULL, NULL, 0);
    if (PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) == 1)
        number = strtol(PQgetvalue(result, 0, 0), NULL, 10);
    else
        fprintf(stderr, "chaos: %s: %s", statement, PQerrorMessage(database));
    PQclear(result);
    return number;
}

/* An audit has one row for each write, so it shows what happened twice and left no other trace. */
static void
compare_caller(PGconn *database, Caller *caller)
{
    Wrongs *wrongs = &caller->crowd->wrongs;
    long may_be_more = caller->is_in_flight ? 1 : 0, groups, changes;
    char like[100], target[64];

    snprintf(like, sizeof like, "chaos-%s-%d-%%", caller->schema, caller->number);
    snprintf(target, sizeof target, "user %lld", (long long) caller->user_id);
    groups = number_of(database, "select count(*) from %s.auth_group where name like $1",
                       caller->schema, like);
    changes = number_of(database,
                        "select count(*) from %s.core_audit where method like '%%/UpdateUser' and "
                        "code = 0 and target = $1",
                        caller->schema, target);
    if (groups < caller->groups)
        say(caller, &wrongs->lost, "groups", "some are not there");
    if (groups > caller->groups + may_be_more)
        say(caller, &wrongs->wrong, "groups", "there are more than were asked for");
    if (changes < caller->names)
        say(caller, &wrongs->lost, "changes", "some are not in the audit");
    if (changes > caller->names + may_be_more)
        say(caller, &wrongs->doubled, "changes", "some happened twice");
}

void
callers_compare(PGconn *database, const char *schema, Caller *callers, int count)
{
    Crowd *crowd = callers[0].crowd;
    char like[64];

    snprintf(like, sizeof like, "chaos-%s-%%", schema);
    for (int i = 0; i < count; i++)
        compare_caller(database, &callers[i]);
    atomic_fetch_add(&crowd->wrongs.elsewhere,
                     number_of(database,
                               "select count(*) from %s.auth_group where name like 'chaos-%%' and "
                               "name not like $1",
                               schema, like));
    atomic_fetch_add(
        &crowd->wrongs.doubled,
        number_of(database,
                  "select count(*) from (select from %s.core_audit where method like "
                  "'%%/CreateGroup' and code = 0 group by target having count(*) > 1) t",
                  schema, NULL));
}
