/* Heads as JSON of whole numbers, which is all that is ever written there.  */
#include "migration/heads.h"
#include "call/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint32_t
heads_number(const char *heads, const char *app)
{
    char key[MIGRATION_APP_MAX + 8];
    const char *found;

    snprintf(key, sizeof key, "\"%.*s\":", MIGRATION_APP_MAX, app);
    found = strstr(heads, key);
    return found == NULL ? 0 : (uint32_t) strtoul(found + strlen(key), NULL, 10);
}

/* ---- which this release can work on ---- */

/* The oldest migration of each app that this release's statements can work on: a tenant below it is
 * refused. Kept by hand, and the only place that says so.  A release that begins to use what a
 * migration has made raises the number, one release after the one that brought the migration:
 * expand first, contract later, so that servers of both releases serve while a run is under way. An
 * app whose tables no statement of the server touches is not here: tenants are served without it.
 */
typedef struct OldestHead {
    const char *app;
    unsigned need;
} OldestHead;

static const OldestHead oldest_heads[] = {
    {"core", 1},  /* dispatch: idempotency, audit */
    {"users", 1}, /* users, groups, sessions */
};

HeadsBehind
heads_behind(const char *heads)
{
    for (size_t i = 0; i < sizeof oldest_heads / sizeof *oldest_heads; i++) {
        unsigned have = heads_number(heads, oldest_heads[i].app);

        if (have < oldest_heads[i].need)
            return (HeadsBehind){
                .app = oldest_heads[i].app,
                .have = have,
                .need = oldest_heads[i].need,
            };
    }
    return (HeadsBehind){0};
}

bool
heads_applied(Call *call, const MigrationSet *set, const char *heads, bool **applied)
{
    *applied = call_alloc(call, set->count + 1);
    if (*applied == NULL)
        return false;
    for (size_t i = 0; i < set->count; i++)
        (*applied)[i] = set->files[i].number <= heads_number(heads, set->files[i].app);
    return true;
}

/* ---- writing ---- */

static size_t
json_size(const MigrationSet *set)
{
    enum { NUMBER_SIZE = 16 }; /* ten digits, quotes, colon and comma */

    return set->count * (MIGRATION_APP_MAX + NUMBER_SIZE) + sizeof "{}";
}

/* json has json_size bytes.  numbers: by file of the set, the head of its app; 0: not here. */
static void
write_json(char *json, const MigrationSet *set, const uint32_t *numbers)
{
    size_t room = json_size(set), size = 0;

    json[size++] = '{';
    for (size_t i = 0; i < set->count; i++)
        if (numbers[i] > 0)
            size += (size_t) snprintf(json + size, room - size, "%s\"%s\":%" PRIu32,
                                      size > 1 ? "," : "", set->files[i].app, numbers[i]);
    snprintf(json + size, room - size, "}");
}

char *
heads_newest(const MigrationSet *set)
{
    uint32_t *numbers = calloc(set->count + 1, sizeof *numbers);
    char *json = malloc(json_size(set));

    for (size_t i = 0; numbers != NULL && i < set->count; i++)
        if (set->files[i].number == migration_newest_number(set, set->files[i].app))
            numbers[i] = set->files[i].number;
    if (numbers != NULL && json != NULL) {
        write_json(json, set, numbers);
    } else {
        free(json);
        json = NULL;
    }
    free(numbers);
    return json;
}

/* ---- of a ledger ---- */

bool
heads_fail_unknown(Call *call, const MigrationSet *set, const char *app, const char *name)
{
    uint32_t newest = migration_newest_number(set, app);

    if (newest == 0)
        return call_fail(
            call, CODE_FAILED_PRECONDITION,
            "the tenant has %.100s/%.100s, and this server has no app %.100s: --apps names the "
            "directory of your own",
            app, name, app);
    return call_fail(call, CODE_FAILED_PRECONDITION,
                     "the tenant has %.100s/%.100s, and this server has %.100s up to %04" PRIu32,
                     app, name, app, newest);
}

/* The newest number of each app, if those before it are there too. */
static bool
find_newest(Call *call, const MigrationSet *set, const bool *applied, uint32_t *numbers)
{
    for (size_t i = 0; i < set->count; i++) {
        const MigrationFile *file = &set->files[i];

        numbers[i] = applied[i] ? file->number : 0;
        for (size_t j = 0; j < set->count; j++) {
            if (!applied[j] || strcmp(set->files[j].app, file->app) != 0 ||
                set->files[j].number <= file->number)
                continue;
            if (!applied[i])
                return call_fail(call, CODE_FAILED_PRECONDITION,
                                 "the tenant has %s/%s without %s/%s before it", set->files[j].app,
                                 set->files[j].name, file->app, file->name);
            numbers[i] = 0;
        }
    }
    return true;
}

bool
heads_of_ledger(Call *call, const MigrationSet *set, const LedgerRow *rows, size_t count,
                const char **heads)
{
    bool *applied = call_alloc(call, set->count + 1);
    uint32_t *numbers = call_alloc(call, (set->count + 1) * sizeof *numbers);
    char *json = call_alloc(call, json_size(set));

    if (applied == NULL || numbers == NULL || json == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        const MigrationFile *file = ledger_file(set, &rows[i]);

        if (file == NULL)
            return heads_fail_unknown(call, set, rows[i].app, rows[i].name);
        if (!migration_fits(file, rows[i].checksum))
            return call_fail(call, CODE_FAILED_PRECONDITION,
                             "the tenant has %s/%s from another file than %s", file->app,
                             file->name, file->file);
        applied[file - set->files] = true;
    }
    if (set->count == 0 || !applied[0])
        return call_fail(call, CODE_FAILED_PRECONDITION, "the tenant has no migration of app core");
    if (!find_newest(call, set, applied, numbers))
        return false;
    write_json(json, set, numbers);
    *heads = json;
    return true;
}

bool
heads_of_applied(Call *call, const MigrationSet *set, const bool *applied, const uint32_t *unknown,
                 const char **heads, const char **gone)
{
    uint32_t *numbers = call_alloc(call, (set->count + 1) * sizeof *numbers);
    char *json = call_alloc(call, json_size(set));
    Text apps = text_new(call);

    if (numbers == NULL || json == NULL)
        return false;
    for (size_t i = 0; i < set->count; i++) {
        uint32_t head = unknown[i];
        bool is_first = true;

        for (size_t j = 0; j < set->count; j++) {
            if (strcmp(set->files[i].app, set->files[j].app) != 0)
                continue;
            is_first = is_first && j >= i;
            if (applied[j] && set->files[j].number > head)
                head = set->files[j].number;
        }
        if (is_first && head > 0)
            numbers[i] = head;
        else if (is_first)
            text_add_element(&apps, "%s", set->files[i].app);
    }
    write_json(json, set, numbers);
    *heads = json;
    *gone = text_end_array(&apps);
    return *gone != NULL;
}
