/* Today's server on the data of earlier releases: each dump of tests/upgrade (tools/upgrade-dump).
 * And files of migrations that have changed since they were applied: what does not count, what is
 * refused, and the way out.  */
#include "harness/fleet.h"
#include "harness/harness.h"

#include "migration/checksum.h"
#include "migration/embedded.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char old_password[] = "a password of old";

/* ---- a dump ---- */

/* Puts another word in the place of one, everywhere; the result is to be freed. */
static char *
replaced(char *text, const char *word, const char *other)
{
    char *out;
    size_t size, length = strlen(word);
    FILE *stream = open_memstream(&out, &size);
    const char *at = text, *found;

    assert_non_null(stream);
    for (; (found = strstr(at, word)) != NULL; at = found + length) {
        fwrite(at, 1, (size_t) (found - at), stream);
        fputs(other, stream);
    }
    fputs(at, stream);
    assert_int_equal(fclose(stream), 0);
    free(text);
    return out;
}

/* A database with the rows of a dump.  The owner makes the roles, as the server does; the rest is a
 * superuser's. */
static void
dump_load(TestDatabase *database, const char *path)
{
    static const char border[] = "-- the database\n";
    char login[96], *text = file_read(path, NULL), *rest;
    PGconn *owner, *superuser;

    database_new(database);
    text = replaced(text, "upgrade_database", database->name);
    snprintf(login, sizeof login, "ciq_owner_%s", database->name + strlen("ciq_test_"));
    text = replaced(text, "upgrade_owner", login);
    snprintf(login, sizeof login, "ciq_worker_%s", database->name + strlen("ciq_test_"));
    text = replaced(text, "upgrade_worker", login);
    rest = strstr(text, border);
    assert_non_null(rest);
    *rest = '\0';
    owner = PQconnectdb(database->owner);
    connection_run(owner, "%s", text);
    PQfinish(owner);
    superuser = database_connect(database);
    connection_run(superuser, "%s", rest + strlen(border));
    PQfinish(superuser);
    free(text);
}

static void
with_apps(Config *config)
{
    setting_set(&config->apps, CIQ_SOURCE_DIR "/tests/upgrade/apps");
}

/* ---- the releases before ---- */

static void
check_tenant(TestServer *server, const char *schema)
{
    CiqClient *client = sign_in(server, schema, world_email, old_password);
    CiqError *error = NULL;
    json_t *answer = call_json(client, "UserService/ListUsers", &error, "{}");

    assert_ok(error);
    assert_string_equal(json_at(answer, "users.0.email"), world_email);
    assert_string_equal(json_at(answer, "users.1.email"), "user@same.example");
    assert_string_equal(json_at(answer, "users.1.id"), "2");
    assert_string_equal(json_at(answer, "users.1.first_name"), schema);
    assert_string_equal(json_at(answer, "users.2.id"), "");
    json_decref(answer);
    assert_int_equal(call_code(client, "UserService/CreateUser",
                               "{\"user\": {\"email\": \"new@same.example\"}}"),
                     CODE_OK);
    ciq_client_free(client);
}

/* All schemas are what their migrations make, ledgers too; the third tenant is this one. */
static void
check_schemas(CiqClient *platform, const char *third)
{
    CiqError *error = NULL;
    json_t *answer = call_json(platform, "MigrationService/VerifySchema", &error, "{}");

    assert_ok(error);
    if (json_at(answer, "differences.0.object")[0] != '\0')
        fail_msg("%s of %s: %s", json_at(answer, "differences.0.object"),
                 json_at(answer, "differences.0.schema_name"),
                 json_at(answer, "differences.0.problem"));
    assert_string_equal(json_at(answer, "tenants.2.schema_name"), third);
    json_decref(answer);
}

/* All that a release must still find as it was, and go on with. */
static void
walk(TestDatabase *database)
{
    TestServer server;
    CiqClient *platform;

    server_up(&server, database, with_apps);
    platform = operator_new(&server);
    check_tenant(&server, "acme");
    check_tenant(&server, "techcorp");
    tenant_new(platform, "newcomer");
    (void) code_after(CODE_ABORTED, platform, "MigrationService/CreateMigrationRun", "{}");
    wait_for_value(database, "0",
                   "select count(*) from public.migration_run where state = 'running'");
    assert_value(database, "0",
                 "select count(*) from public.migration_item where state = 'failed'");
    check_schemas(platform, "newcomer");
    /* what is written at start is written as this release writes it */
    assert_value(database, "0",
                 "select count(*) from public.core_migration where checksum not like '2:%%'");
    assert_value(database, "0",
                 "select count(*) from public.migration_file where checksum not like '2:%%'");
    ciq_client_free(platform);
    server_down(&server);

    server_up(&server, database, with_apps);
    platform = operator_new(&server);
    check_schemas(platform, "newcomer");
    ciq_client_free(platform);
    server_down(&server);
}

static int
is_dump(const struct dirent *entry)
{
    size_t size = strlen(entry->d_name);

    return size > 4 && strcmp(entry->d_name + size - 4, ".sql") == 0;
}

static void
test_upgrade__from_every_release(void **state)
{
    struct dirent **entries;
    int count = scandir(CIQ_SOURCE_DIR "/tests/upgrade", &entries, is_dump, alphasort);

    (void) state;
    assert_true(count >= 2);
    for (int i = 0; i < count; i++) {
        TestDatabase database;
        char path[512];

        snprintf(path, sizeof path, "%s/%.200s", CIQ_SOURCE_DIR "/tests/upgrade",
                 entries[i]->d_name);
        print_message("on the data of %s\n", entries[i]->d_name);
        dump_load(&database, path);
        walk(&database);
        database_drop(&database);
        free(entries[i]);
    }
    free(entries);
}

/* ---- files that have changed ---- */

static const char wheels[] = "-- migrate:up\n"
                             "alter table fleet_car add column wheels integer not null default 4;\n"
                             "-- migrate:down\n"
                             "alter table fleet_car drop column wheels;\n";

/* The same statement, in other lines and under other comments. */
static const char wheels_moved[] = "-- Wheels of cars.\r\n"
                                   "-- lint: allow nothing\r\n"
                                   "-- migrate:up\r\n"
                                   "alter table fleet_car -- it is small\r\n"
                                   "    add column wheels integer /* four */ not null default 4\r\n"
                                   "-- migrate:down\r\n\r\n"
                                   "alter table fleet_car drop column wheels;\r\n";

static const char wheels_other[] =
    "-- migrate:up\n"
    "alter table fleet_car add column wheels bigint not null default 4;\n"
    "-- migrate:down\n"
    "alter table fleet_car drop column wheels;\n";

/* Four tenants that have both migrations of the app. */
static void
wheels_new(Fleet *fleet)
{
    int64_t id;

    fleet_with(fleet, "fleet/0002_wheels", wheels);
    id = run_start(fleet->platform, "");
    assert_run(fleet->platform, id, "DONE", 4, 0);
    fleet_stop(fleet);
}

static const char wheels_ledger[] =
    "update %s set checksum = '%s' where app = 'fleet' and name = '0002_wheels'";

/* As if a release that wrote version 1 had applied this text. */
static void
wheels_applied_as(Fleet *fleet, const char *text)
{
    static const char *const tables[] = {"public.migration_file", "alpha.core_migration",
                                         "beta.core_migration", "gamma.core_migration",
                                         "delta.core_migration"};
    char checksum[CHECKSUM_SIZE];

    checksum_write_1(text, strlen(text), false, checksum);
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        database_value(&fleet->database, wheels_ledger, tables[i], checksum);
}

static const char *
wheels_checksum(Fleet *fleet, const char *schema)
{
    return database_value(&fleet->database,
                          "select left(checksum, 2) from %s.core_migration where app = 'fleet' and "
                          "name = '0002_wheels'",
                          schema);
}

/* The next migration reaches all of them, and their ledgers have the checksums of today then. */
static void
go_on(Fleet *fleet)
{
    fleet_file(fleet, "fleet/0003_doors",
               "-- migrate:up\nalter table fleet_car add column doors integer;\n"
               "-- migrate:down\nalter table fleet_car drop column doors;\n");
    fleet_start(fleet, NULL);
    assert_run(fleet->platform, run_start(fleet->platform, ""), "DONE", 4, 0);
    assert_string_equal(wheels_checksum(fleet, "alpha"), "2:");
    assert_string_equal(wheels_checksum(fleet, "delta"), "2:");
    check_schemas(fleet->platform, "gamma");
}

static void
test_changed__comments_and_lines_do_not_count(void **state)
{
    Fleet fleet;

    (void) state;
    wheels_new(&fleet);
    fleet_file(&fleet, "fleet/0002_wheels", wheels_moved);
    fleet_start(&fleet, NULL);
    fleet_stop(&fleet);
    go_on(&fleet);
    fleet_free(&fleet);
}

/* Applied by a release that wrote version 1, from the same file: with either end of its lines. */
static void
test_changed__version_1_is_converted(void **state)
{
    Fleet fleet;

    (void) state;
    wheels_new(&fleet);
    wheels_applied_as(&fleet, wheels);
    fleet_start(&fleet, NULL);
    check_schemas(fleet.platform, "gamma");
    fleet_stop(&fleet);
    assert_value(&fleet.database, "2:",
                 "select left(checksum, 2) from public.migration_file where app = 'fleet' and "
                 "number = 2");
    assert_true(strcmp(wheels_checksum(&fleet, "alpha"), "2:") != 0); /* not all at every start */
    go_on(&fleet);
    fleet_stop(&fleet);

    fleet_file(&fleet, "fleet/0002_wheels", wheels_moved);
    wheels_applied_as(&fleet, wheels_moved);
    fleet_start(&fleet, NULL);
    fleet_free(&fleet);
}

/* Runs ciq-server accept-migrations; the output is good until the next. */
static int
accept(const Fleet *fleet, const char *names, const char **output)
{
    static char text[8192];

    *output = text;
    return server_command(&fleet->database, text, sizeof text, "accept-migrations %s --apps %s",
                          names, fleet->apps);
}

static void
assert_has(const char *output, const char *text)
{
    if (strstr(output, text) == NULL)
        fail_msg("\"%s\" is not in:\n%s", text, output);
}

static void
assert_refused(const Fleet *fleet)
{
    char output[8192];

    char password[96];
    FILE *file;

    snprintf(password, sizeof password, "%s/password", fleet->apps);
    file = fopen(password, "w");
    assert_non_null(file);
    fputs(old_password, file);
    assert_int_equal(fclose(file), 0);
    /* a server that starts would stay, so it is a command that prepares the database as one does */
    assert_int_equal(server_command(&fleet->database, output, sizeof output,
                                    "create-superuser --email a@b.example --password-file %s "
                                    "--apps %s",
                                    password, fleet->apps),
                     1);
    assert_has(output, "/tenant/fleet/0002_wheels.sql was changed after it was applied");
    assert_has(output, "ciq-server accept-migrations");
}

/* Version 1 of a text that nobody has any more: only an operator can know that it meant the same.
 */
static void
test_changed__is_accepted_by_name(void **state)
{
    Fleet fleet;
    const char *output;

    (void) state;
    wheels_new(&fleet);
    wheels_applied_as(&fleet, "-- lost\n");
    assert_refused(&fleet);
    assert_int_equal(accept(&fleet, "", &output), 1);
    assert_has(output, "tenant fleet/0002_wheels (");
    assert_has(output, "tenants that have it: 4");
    assert_has(output, "the schema of alpha and what the files make now:\n    no difference\n");
    assert_int_equal(accept(&fleet, "fleet/0001_initial", &output), 1);
    assert_has(output, "fleet/0001_initial is no migration that has changed");
    assert_int_equal(accept(&fleet, "fleet/0002_wheels", &output), 0);
    assert_has(output, "fleet/0002_wheels accepted");
    assert_value(&fleet.database, "1",
                 "select count(*) from public.core_audit where method = 'ciq-server "
                 "accept-migrations' and target = 'fleet/0002_wheels'");
    assert_int_equal(accept(&fleet, "", &output), 0);
    assert_has(output, "no migration has changed since it was applied");
    go_on(&fleet);
    fleet_free(&fleet);
}

static void
test_changed__statement_is_refused_and_shown(void **state)
{
    Fleet fleet;
    const char *output;

    (void) state;
    wheels_new(&fleet);
    fleet_file(&fleet, "fleet/0002_wheels", wheels_other);
    assert_refused(&fleet);
    assert_int_equal(accept(&fleet, "", &output), 1);
    assert_has(output, "fleet_car: column wheels: different; the files make \"bigint not null "
                       "default 4\", it has \"integer not null default 4\"");
    fleet_file(&fleet, "fleet/0002_wheels", wheels);
    assert_int_equal(accept(&fleet, "", &output), 0);
    fleet_free(&fleet);
}

/* The app's own file for the schema public. */
static void
test_changed__shared_file(void **state)
{
    Fleet fleet;
    const char *output;

    (void) state;
    fleet_new(&fleet);
    fleet_start(&fleet, NULL);
    fleet_stop(&fleet);
    database_value(&fleet.database, "update public.core_migration set checksum = 'x' where app = "
                                    "'demo' and name = '0001_initial'");
    assert_int_equal(accept(&fleet, "", &output), 1);
    assert_has(output, "shared demo/0001_initial (sql/shared/demo/0001_initial.sql)");
    assert_int_equal(accept(&fleet, "demo/0001_initial", &output), 0);
    fleet_start(&fleet, NULL);
    fleet_free(&fleet);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_upgrade__from_every_release),
        cmocka_unit_test(test_changed__comments_and_lines_do_not_count),
        cmocka_unit_test(test_changed__version_1_is_converted),
        cmocka_unit_test(test_changed__is_accepted_by_name),
        cmocka_unit_test(test_changed__statement_is_refused_and_shown),
        cmocka_unit_test(test_changed__shared_file),
    };

    return run_cases(tests, fleet_group_setup, fleet_group_teardown);
}
