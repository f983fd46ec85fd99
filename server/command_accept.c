/* ciq-server accept-migrations: shows which files of migrations have changed since they were
 * applied, and what that would mean, and accepts those that are named.  A server does not start
 * while there are any.  */
#include "command_accept.h"
#include "access/audit.h"
#include "base/config.h"
#include "base/log.h"
#include "command.h"
#include "db/db.h"
#include "migration/accept.h"
#include "rpc/handlers.h"
#include "server.h"

#include <stdio.h>
#include <string.h>

static const Method accept_method = {.name = "ciq-server accept-migrations"};

typedef struct AcceptWork {
    char **names; /* of those to accept */
    int count;
    size_t changed; /* those that are left */
} AcceptWork;

/* What the files make now, beside what a tenant has that applied them as they were. */
static bool
show_difference(Call *call, const char *schema)
{
    VerifySchemaRequest request = CLIENTIQ__V1__VERIFY_SCHEMA_REQUEST__INIT;
    VerifySchemaResponse response = CLIENTIQ__V1__VERIFY_SCHEMA_RESPONSE__INIT;
    size_t shown = 0;

    request.schema_name = (char *) (uintptr_t) schema;
    db_begin(call, DB_READ);
    if (!rpc_verify_schema(call, &request, &response))
        return false;
    db_rollback(call);
    printf("  the schema of %s and what the files make now:\n", schema);
    for (size_t i = 0; i < response.n_differences; i++) {
        const SchemaDifference *difference = response.differences[i];

        if (strncmp(difference->object, "ledger: ", 8) == 0)
            continue;
        printf("    %s: %s; the files make \"%s\", it has \"%s\"\n", difference->object,
               difference->problem, difference->expected, difference->got);
        shown++;
    }
    if (shown == 0)
        puts("    no difference");
    return true;
}

static bool
show(Call *call, const ChangedFile *changed)
{
    printf("%s %s (%s)\n  applied as %s, now %s\n", changed->part, changed->id, changed->file,
           changed->applied, accept_checksum(call, changed));
    if (changed->other_name[0] != '\0')
        printf("  applied under the name %s\n", changed->other_name);
    if (changed->sample[0] == '\0')
        return true;
    printf("  tenants that have it: %s\n", changed->tenants);
    return show_difference(call, changed->sample);
}

static bool
accept_named(Call *call, const ChangedFile *list, size_t count, const char *name)
{
    size_t found = 0;

    for (size_t i = 0; i < count; i++) {
        if (strcmp(list[i].id, name) != 0)
            continue;
        found++;
        if (!accept_file(call, &list[i]))
            return false;
        call->target = list[i].id;
        if (!audit_write(call))
            return false;
    }
    return found > 0 || call_fail(call, CODE_NOT_FOUND,
                                  "%s is no migration that has changed since it was applied", name);
}

static bool
work_accept(Call *call, void *argument)
{
    AcceptWork *work = argument;
    ChangedFile *list;
    size_t count;

    db_begin(call, DB_READ);
    if (!accept_changed(call, &list, &count))
        return false;
    work->changed = count;
    if (work->count == 0) {
        for (size_t i = 0; i < count; i++)
            if (!show(call, &list[i]))
                return false;
        return true;
    }
    call->method = &accept_method;
    db_begin(call, DB_WRITE);
    for (int i = 0; i < work->count; i++)
        if (!accept_named(call, list, count, work->names[i]))
            return false;
    if (!db_commit(call))
        return false;
    for (int i = 0; i < work->count; i++)
        printf("%s accepted\n", work->names[i]);
    return true;
}

/* Moves the words without a dash behind the command to names, and gives how many there are. */
static int
take_names(int *argc, char **argv, char **names)
{
    int count = 0;

    while (*argc > 1 && argv[1][0] != '-') {
        names[count++] = argv[1];
        command_take_word(argc, argv, argv[1]);
    }
    return count;
}

int
command_accept(int argc, char **argv)
{
    enum { NAMES_MAX = 256 };
    char *names[NAMES_MAX], reason[1024];
    AcceptWork work = {.names = names};
    Config config;
    bool ok;

    if (argc > NAMES_MAX) {
        fputs("ciq-server: at most 255 words can follow accept-migrations\n", stderr);
        return 2;
    }
    work.count = take_names(&argc, argv, names);
    if (!config_load(&config, argc, argv, stderr))
        return 2;
    command_start_log();
    ok = server_work(&config, SERVER_KEEPS_CHANGED, work_accept, &work, reason, sizeof reason);
    log_stop();
    if (!ok)
        fprintf(stderr, "ciq-server: %s\n", reason);
    else if (work.changed == 0)
        puts("no migration has changed since it was applied");
    else if (work.count == 0)
        puts(
            "to take a file as it is for what was applied: ciq-server accept-migrations APP/NAME …");
    config_free(&config);
    return ok && (work.changed == 0 || work.count > 0) ? 0 : 1;
}
