/* migrate: starts a migration run, or joins one that does the same, and shows its progress.  The
 * server does the work, and goes on when this program ends.  */
#include "client/cli/migrate.h"
#include "client/cli/exit.h"
#include "client/cli/json.h"
#include "client/cli/options.h"
#include "client/cli/table.h"
#include "client/cli/text.h"
#include "client/cli/watch.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const Method *
create_method(void)
{
    return method_by_name("MigrationService/CreateMigrationRun");
}

void
migrate_help(FILE *out)
{
    fputs(
        "usage: ciq-client migrate --shared | --tenant [flags] [APP [TARGET]]\n\n"
        "Brings the schema public (--shared) or tenants' schemas (--tenant) to their newest migrations, or\n"
        "one app to a target, up or down.  Exit status 0: all schemas are there; 1: the run failed or was\n"
        "canceled.\n\n"
        "  --schema NAME[,NAME]       only these tenants; may be repeated\n"
        "  --first N                  only the N oldest tenants that lack a migration, to try it on them\n"
        "  --plan                     show what would run, and run nothing\n"
        "  --fake                     record migrations and run nothing\n"
        "  --fake-initial             where an app's tables exist in the right shape, only record its first\n"
        "                             migration\n"
        "  APP                        the app; without it, all apps\n"
        "  TARGET                     the number of the app's migration to go to, or zero to undo all; without it,\n"
        "                             the newest\n",
        out);
}

/* ---- words ---- */

static void
add_schemas(CiqCreateMigrationRunRequest *request, const char *names)
{
    while (*names != '\0') {
        size_t size = strcspn(names, ",");

        request->schemas = realloc(request->schemas, (request->n_schemas + 1) * sizeof(char *));
        if (request->schemas == NULL)
            die("no memory");
        request->schemas[request->n_schemas++] = strndup(names, size);
        names += size + (names[size] == ',');
    }
}

static void
migrate_read_words(const Cli *cli, CiqCreateMigrationRunRequest *request)
{
    static const char *const flags[] = {"--shared", "--tenant",       "--schema", "--first",
                                        "--fake",   "--fake-initial", "--plan",   NULL};
    bool is_tenant = false;

    for (int i = 1; i < cli->words_count; i++) {
        char *word = cli->words[i];
        const char *value;

        if (strcmp(word, "--shared") == 0) {
            request->shared = true;
        } else if (strcmp(word, "--tenant") == 0) {
            is_tenant = true;
        } else if (strncmp(word, "--tenant=", 9) == 0) {
            die_usage(
                "migrate's --tenant takes no value; to name a tenant: migrate --tenant --schema %s",
                word + 9);
        } else if ((value = options_value(cli->words_count, cli->words, &i, "--schema")) != NULL) {
            add_schemas(request, value);
        } else if ((value = options_value(cli->words_count, cli->words, &i, "--first")) != NULL) {
            request->first = (int32_t) options_number(value, INT32_MAX);
            if (request->first == 0)
                die_usage("--first must be a number of at least 1, got %s", value);
        } else if (strcmp(word, "--fake") == 0) {
            request->fake = true;
        } else if (strcmp(word, "--fake-initial") == 0) {
            request->fake_initial = true;
        } else if (strcmp(word, "--plan") == 0) {
            request->plan_only = true;
        } else if (word[0] == '-') {
            options_die_unknown(word, flags);
        } else if (request->app[0] == '\0') {
            request->app = word;
        } else if (request->target[0] == '\0') {
            request->target = word;
        } else {
            die_usage("\"%s\" is one word too many for migrate", word);
        }
    }
    if (request->shared == is_tenant)
        die_usage("migrate needs --shared (the schema public) or --tenant (tenants' schemas)");
    if (cli->tenant != NULL && !cli->tenant_is_environment)
        die_usage(
            "migrate is a call to the platform; to name a tenant: migrate --tenant --schema %s",
            cli->tenant);
}

/* ---- the plan ---- */

/* Undoing a migration can delete data; its statements show which. */
static void
print_undone(const CiqCreateMigrationRunResponse *plan, FILE *out)
{
    for (size_t i = 0; i < plan->n_steps; i++) {
        const CiqMigrationPlanStep *step = plan->steps[i];

        if (!step->down)
            continue;
        fputs("this undoes ", out);
        text_print(step->app, out);
        fputc('/', out);
        text_print(step->name, out);
        fprintf(out, " in %" PRId64 " schema%s: ", step->schemas, step->schemas == 1 ? "" : "s");
        text_print_line(step->statements, out);
        fputc('\n', out);
    }
}

static void
print_plan(const Cli *cli, const CiqCreateMigrationRunResponse *plan)
{
    json_t *json = json_of_message(&plan->base), *step;
    size_t i;

    if (json == NULL)
        die("no memory");
    if (cli->json) {
        cli_print(cli, create_method()->response->descriptor, json);
    } else if (plan->n_steps == 0) {
        puts("nothing to do");
    } else {
        /* statements would make the lines of a table too long to read */
        json_array_foreach(json_object_get(json, "steps"), i, step)
            json_object_del(step, "statements");
        table_print(create_method()->response->descriptor, json, stdout);
        print_undone(plan, stdout);
        printf("%" PRId64 " schema%s would change; nothing was run\n", plan->run->total,
               plan->run->total == 1 ? "" : "s");
    }
    json_decref(json);
}

/* ---- the run ---- */

static CiqCreateMigrationRunResponse *
migrate_create_run(const Cli *cli, CiqClient *client, const CiqCreateMigrationRunRequest *request)
{
    CiqError *error = NULL;
    CiqCreateMigrationRunResponse *response = (CiqCreateMigrationRunResponse *) cli_call(
        cli, client, create_method(), &request->base, "", NULL, &error);

    if (error != NULL)
        die_error(error, create_method(), "");
    return response;
}

static void
warn_of_undoing(const Cli *cli, CiqClient *client, CiqCreateMigrationRunRequest *request)
{
    CiqCreateMigrationRunResponse *plan;

    if (request->target[0] == '\0' || request->fake)
        return;
    request->plan_only = true;
    plan = migrate_create_run(cli, client, request);
    request->plan_only = false;
    print_undone(plan, stderr);
    ciq_create_migration_run_response_free(plan);
}

static int
migrate_start(const Cli *cli, CiqClient *client, CiqCreateMigrationRunRequest *request)
{
    CiqCreateMigrationRunResponse *response;
    int status = 0;

    warn_of_undoing(cli, client, request);
    response = migrate_create_run(cli, client, request);
    if (response->run->id != 0) {
        fprintf(stderr, "%s run %" PRId64 ": %" PRId64 " schema%s\n",
                response->joined ? "joined" : "began", response->run->id, response->run->total,
                response->run->total == 1 ? "" : "s");
        status = watch_run(cli, client, response->run->id);
    } else if (cli->json) {
        json_t *json = json_of_message(&response->run->base);

        cli_print(cli, response->run->base.descriptor, json);
        json_decref(json);
    } else {
        puts("nothing to do");
    }
    ciq_create_migration_run_response_free(response);
    return status;
}

int
command_migrate(Cli *cli)
{
    CiqCreateMigrationRunRequest request = CLIENTIQ__V1__CREATE_MIGRATION_RUN_REQUEST__INIT;
    CiqClient *client;
    int status = 0;

    migrate_read_words(cli, &request);
    client = cli_client(cli);
    if (request.plan_only) {
        CiqCreateMigrationRunResponse *plan = migrate_create_run(cli, client, &request);

        print_plan(cli, plan);
        ciq_create_migration_run_response_free(plan);
    } else {
        status = migrate_start(cli, client, &request);
    }
    ciq_client_free(client);
    for (size_t i = 0; i < request.n_schemas; i++)
        free(request.schemas[i]);
    free(request.schemas);
    return status;
}
