/* The list of one transaction, and its form in a notification: the kind's letter and the tenant's
 * number.  */
#include "call/changes.h"

#include <inttypes.h>
#include <stdio.h>

static const char letters[CHANGE_KINDS] = {
#define CHANGE(name, letter, what) [CHANGE_##name] = (letter),
#include "call/changes.def"
#undef CHANGE
};

void
changes_add(Changes *changes, ChangeKind kind, int64_t tenant_id)
{
    for (size_t i = 0; i < changes->count; i++)
        if (changes->list[i].kind == kind && changes->list[i].tenant_id == tenant_id)
            return;
    if (changes->count == CHANGES_MAX) {
        changes->list[0] = (Change){CHANGE_ALL, 0};
        changes->count = 1;
    } else {
        changes->list[changes->count++] = (Change){kind, tenant_id};
    }
}

bool
change_encode(Change change, char payload[CHANGE_PAYLOAD_SIZE])
{
    snprintf(payload, CHANGE_PAYLOAD_SIZE, "%c%" PRId64, letters[change.kind], change.tenant_id);
    return letters[change.kind] != 0;
}

Change
change_decode(const char *payload)
{
    Change change = {CHANGE_ALL, 0};

    for (ChangeKind kind = 0; kind < CHANGE_KINDS; kind++)
        if (letters[kind] != 0 && letters[kind] == payload[0] &&
            sscanf(payload + 1, "%" SCNd64, &change.tenant_id) == 1)
            change.kind = kind;
    return change;
}
