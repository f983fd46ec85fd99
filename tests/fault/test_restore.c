/* The whole installation, dumped and restored with the commands of docs/backup.md: into a
 * PostgreSQL without its roles, and into one to which they were restored.  */
#include "harness/fleet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct Saved {
    TestDatabase database;
    TestServer server;
    CiqClient *platform;
    char folder[64], installation[16];
} Saved;

static void
start(Saved *saved)
{
    server_up(&saved->server, &saved->database, NULL);
    saved->platform = operator_new(&saved->server);
}

static void
stop(Saved *saved)
{
    ciq_client_free(saved->platform);
    server_down(&saved->server);
}

static int
setup(void **state)
{
    static Saved saved;

    database_new(&saved.database);
    snprintf(saved.folder, sizeof saved.folder, "/tmp/ciq-test-restore-XXXXXX");
    assert_non_null(mkdtemp(saved.folder));
    start(&saved);
    tenant_new(saved.platform, "acme");
    tenant_new(saved.platform, "techcorp");
    tenant_new(saved.platform, "closed");
    expect_json(saved.platform, "TenantService/SuspendTenant", CODE_OK, NULL,
                "{\"schema_name\": \"closed\", \"reason\": \"x\"}");
    stop(&saved);
    snprintf(saved.installation, sizeof saved.installation, "%s",
             database_value(&saved.database, "select id from public.core_installation"));
    *state = &saved;
    return 0;
}

static void
shell(const Saved *saved, const char *command)
{
    char line[4096];
    const char *tag = saved->database.name + strlen("ciq_test_");

    /* the page's names are those of the test */
    int length = snprintf(
        line, sizeof line,
        "cd %s; c='%s'; for w in %s; do case $w in host=*) export PGHOST=${w#host=};; port=*) "
        "export PGPORT=${w#port=};; user=*) export PGUSER=${w#user=};; esac; done; "
        "c=$(printf %%s \"$c\" | sed 's/ clientiq$/ %s/; s/=clientiq /=%s /; s/=ciq_owner /=ciq_owner_%s "
        "/'); sh -ec \"$c\" >out 2>&1 || { cat out; exit 1; }",
        saved->folder, command, saved->database.superuser, saved->database.name,
        saved->database.name, tag);

    assert_true(length > 0 && (size_t) length < sizeof line);
    if (system(line) != 0)
        fail_msg("%s", command);
}

/* Runs the lines of the page behind a mark; after: what stands behind pg_restore. */
static void
run_page(const Saved *saved, const char *mark, const char *after)
{
    char *page = file_read(CIQ_SOURCE_DIR "/docs/backup.md", NULL), *at, *end;
    char command[1024];

    assert_non_null(at = strstr(page, mark));
    assert_non_null(end = strstr(at, "<!-- end -->"));
    while ((at = strstr(at, "\n    ")) != NULL && at < end) {
        at += strlen("\n    ");
        snprintf(command, sizeof command, "%.*s%s", (int) strcspn(at, "\n"), at,
                 strncmp(at, "pg_restore", 10) == 0 ? after : "");
        shell(saved, command);
    }
    free(page);
}

/* Another PostgreSQL, which has the two logins only. */
static void
lose(const Saved *saved)
{
    char command[256];

    snprintf(command, sizeof command, "dropdb --force %s", saved->database.name);
    shell(saved, command);
    snprintf(command, sizeof command,
             "psql -X -At -d postgres -c \"select format(\\$\\$drop role %%I;\\$\\$, rolname) from "
             "pg_roles where starts_with(rolname, \\$\\$ciq_%s_\\$\\$)\" | psql -X -q -d postgres",
             saved->installation);
    shell(saved, command);
}

static void
assert_as_before(Saved *saved)
{
    CiqError *error = NULL;
    CiqClient *client;
    json_t *report;

    start(saved);
    client = sign_in(&saved->server, "acme", world_email, world_password);
    assert_true(user_new(client, "after@same.example", false) > 1);
    ciq_client_free(client);
    client = sign_in(&saved->server, "techcorp", world_email, world_password);
    assert_int_equal(user_count(client, "after@same.example"), 0);
    ciq_client_free(client);
    expect_json(saved->platform, "TenantService/ActivateTenant", CODE_OK, NULL,
                "{\"schema_name\": \"closed\"}");
    ciq_client_free(sign_in(&saved->server, "closed", world_email, world_password));
    tenant_new(saved->platform, "newcomer");
    report = call_json(saved->platform, "MigrationService/VerifyIsolation", &error,
                       "{\"failed\": true}");
    assert_ok(error);
    for (size_t i = 0; i < json_array_size(json_object_get(report, "checks")); i++) {
        const json_t *check = json_array_get(json_object_get(report, "checks"), i);

        fail_msg("%s: %s: %s", json_at(check, "schema_name"), json_at(check, "attempt"),
                 json_at(check, "got"));
    }
    json_decref(report);
    report = call_json(saved->platform, "MigrationService/VerifySchema", &error, "{}");
    assert_ok(error);
    assert_int_equal(json_array_size(json_object_get(report, "differences")), 0);
    json_decref(report);
    stop(saved);
}

static int
teardown(void **state)
{
    Saved *saved = *state;
    char command[128];

    snprintf(command, sizeof command, "rm -r %s", saved->folder);
    assert_int_equal(system(command), 0);
    database_drop(&saved->database);
    return 0;
}

static void
test_restore__without_roles(void **state)
{
    Saved *saved = *state;

    run_page(saved, "tried: dump", "");
    lose(saved);
    run_page(saved, "tried: restore",
             " || true"); /* of each grant it says that the role is missing */
    assert_as_before(saved);
}

static void
test_restore__with_roles(void **state)
{
    Saved *saved = *state;

    run_page(saved, "tried: dump", "");
    lose(saved);
    shell(saved, "psql -X -q --file=roles.sql postgres");
    run_page(saved, "tried: restore", "");
    assert_as_before(saved);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_restore__without_roles, setup, teardown),
        cmocka_unit_test_setup_teardown(test_restore__with_roles, setup, teardown),
    };

    return run_cases(tests, NULL, NULL);
}
