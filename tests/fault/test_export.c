/* A tenant into an archive and out of it again, by the program itself: under the same name and
 * beside the original, whole or not at all, while others write, and with memory that does not grow
 * with the rows.  */
#include "harness/writer.h"

#include <glob.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[64];

static int
setup(void **state)
{
    folder_new(folder);
    return world_setup(state);
}

static int
teardown(void **state)
{
    folder_remove(folder);
    return world_teardown(state);
}

static void
succeed(const TestDatabase *database, const char *words, const char *text)
{
    char output[4096];
    int status = server_command(database, output, sizeof output, "%s", words);

    if (status != 0 || strstr(output, text) == NULL)
        fail_msg("%s: exit %d, expected \"%s\": %s", words, status, text, output);
}

static void
refuse(const TestDatabase *database, const char *words, const char *text)
{
    char output[4096];
    int status = server_command(database, output, sizeof output, "%s", words);

    if (status != 1 || strstr(output, text) == NULL)
        fail_msg("%s: exit %d, expected \"%s\": %s", words, status, text, output);
}

static const char *
words(const char *format, ...)
{
    static char text[4][512];
    static unsigned next;
    char *out = text[next++ % 4];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(out, sizeof text[0], format, arguments);
    va_end(arguments);
    return out;
}

static int
files_like(const char *pattern)
{
    glob_t found;
    int count =
        glob(words("%s/%s", folder, pattern), 0, NULL, &found) == 0 ? (int) found.gl_pathc : 0;

    globfree(&found);
    return count;
}

/* The tables of one schema that rows of another must be in, by their rows. */
static const char *
rows_of(const TestDatabase *database, const char *schema)
{
    static char sums[2][4096];
    static unsigned next;
    char *out = sums[next++ % 2];

    snprintf(
        out, sizeof sums[0], "%s",
        database_value(
            database,
            "select string_agg(c.relname || ' ' || (xpath('/row/h/text()', query_to_xml(format("
            "'select count(*) || md5(coalesce(string_agg(r::text, E''\\n'' order by r::text), '''')) as h "
            "from %%I.%%I r', n.nspname, c.relname), false, true, '')))[1]::text, E'\\n' order by c.relname) "
            "from pg_class c join pg_namespace n on n.oid = relnamespace where nspname = '%s' "
            "and relkind in ('r', 'p') and not relispartition and relname not in "
            "('core_migration', 'core_session', 'core_api_key', 'core_outbox', 'core_idempotency', 'users_token')",
            schema));
    return out;
}

static const char odd_rows[] =
    "insert into acme.business_company (name) values (E'tab\\t, line\\n, return\\r, back\\\\slash, \\\\. and \"quotes\"'), "
    "(E'\\\\.'), (E'\\\\N'), (''); "
    "insert into acme.business_contact (company_id, email, create_time) values (1, 'a@b.c', '2026-02-03 04:05:06.789012+09'), "
    "(null, '', 'infinity'); update acme.business_contact set first_name = repeat('long ', 100000) where email = ''; "
    "insert into acme.auth_group (id, name) values (1000, 'Far'); "
    "update acme.users_customuser set preferences = '{\"a\": [1, \"\\u00e9\\n\"]}', is_admin = true where id = 1; "
    "insert into acme.core_outbox (template, recipient, user_id, next_time) values ('x', 'y', 1, null); "
    "insert into acme.users_token values ('\\x01', 1, now(), now() + interval '1 hour'); "
    "insert into acme.core_idempotency (key, request_hash) values ('\\x01', '\\x02')";

/* Beside the original: the same addresses and the same numbers in both. */
static void
test_import__beside_the_original(void **state)
{
    World *world = *state;
    const TestDatabase *database = &world->database;
    CiqError *error = NULL;
    struct stat status;
    int64_t gone = user_new(world->acme, "gone@same.example", false);

    database_value(database, "delete from acme.users_customuser where id = %d", (int) gone);
    database_value(database, "%s", odd_rows);
    database_value(
        database,
        "update public.tenants_tenant set plan = 'pro', settings = '{\"a\": 1}', max_users = 7 "
        "where schema_name = 'acme'");
    succeed(database, words("export --schema-name acme --output %s/acme", folder),
            "tenant acme exported: 9 tables");
    assert_int_equal(stat(words("%s/acme", folder), &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_int_equal(files_like("acme*"), 1);
    succeed(database, words("import --check --input %s/acme", folder), "the archive is whole");
    succeed(
        database,
        words("import --input %s/acme --schema-name twin --name 'The Twin' --domain twin.localhost "
              "--domain www.twin.localhost",
              folder),
        "tenant twin imported: number ");

    assert_string_equal(rows_of(database, "twin"), rows_of(database, "acme"));
    assert_value(
        database, "0 0 0 0",
        "select (select count(*) from twin.core_session) || ' ' || (select count(*) from twin.users_token) || ' ' "
        "|| (select count(*) from twin.core_outbox) || ' ' || (select count(*) from twin.core_idempotency)");
    assert_value(
        database, "The Twin pro active 7 {\"a\": 1}",
        "select concat_ws(' ', name, plan, state, max_users, settings) from public.tenants_tenant "
        "where schema_name = 'twin'");
    assert_value(
        database, "twin.localhost true, www.twin.localhost false",
        "select string_agg(domain || ' ' || is_primary, ', ' order by domain) from public.tenants_domain d "
        "join public.tenants_tenant t on t.id = tenant_id where schema_name = 'twin'");
    assert_value(database, "ciq-server export,ciq-server import",
                 "select string_agg(distinct method, ',' order by method) from public.core_audit "
                 "where method like 'ciq-server%%'");

    /* the server that runs serves it at once; sessions of the one are nothing in the other */
    CiqClient *twin = sign_in(&world->server, "twin.localhost", world_email, world_password);
    ciq_client_set_tenant(world->acme, "twin");
    ciq_get_user_response_free(user_get(world->acme, 1, &error));
    assert_code(error, CODE_UNAUTHENTICATED, NULL);
    ciq_client_set_tenant(world->acme, "acme");
    assert_true(user_new(twin, "new@same.example", false) > gone);
    assert_int_equal(user_count(world->acme, "new@same.example"), 0);
    assert_value(database, "t",
                 "insert into twin.auth_group (name) values ('Next') "
                 "returning id = nextval(pg_get_serial_sequence('acme.auth_group', 'id'))");
    ciq_client_free(twin);
}

/* Another database, which no server has ever used: the same names. */
static void
test_import__elsewhere(void **state)
{
    World *world = *state;
    TestDatabase database;
    TestServer server;

    database_new(&database);
    refuse(&database, "export --schema-name acme --output /dev/null",
           "no server has ever run on this database");
    succeed(&world->database, words("export --schema-name acme > %s/piped", folder), "");
    succeed(&database, words("import < %s/piped", folder), "tenant acme imported: number 1,");
    assert_string_equal(rows_of(&database, "acme"), rows_of(&world->database, "acme"));
    refuse(&database, words("import < %s/piped", folder),
           "ALREADY_EXISTS: schema_name is taken already");

    server_up(&server, &database, NULL);
    ciq_client_free(sign_in(&server, "acme.localhost", world_email, world_password));
    server_down(&server);
    database_drop(&database);
}

/* One program's output is the other's input. */
static void
test_import__from_a_pipe(void **state)
{
    World *world = *state;
    char output[2048];
    int status = server_command(&world->database, output, sizeof output,
                                "export --schema-name techcorp | " CIQ_BIN_DIR
                                "/ciq-server import --schema-name piped "
                                "--domain piped.localhost");

    if (status != 0)
        fail_msg("%s", output);
    assert_string_equal(rows_of(&world->database, "piped"), rows_of(&world->database, "techcorp"));
}

static void
test_export__refusals(void **state)
{
    World *world = *state;
    const TestDatabase *database = &world->database;
    char output[1024];

    tenant_new(world->platform, "odd");
    tenant_new(world->platform, "doomed");
    expect_json(world->platform, "TenantService/DeleteTenant", CODE_OK, NULL,
                "{\"schema_name\": \"doomed\"}");
    refuse(database, words("export --schema-name nobody --output %s/x", folder),
           "NOT_FOUND: no tenant with the schema nobody");
    refuse(database, words("export --schema-name doomed --output %s/x", folder), "NOT_FOUND");
    refuse(database, "export --schema-name odd --output /nowhere/x",
           "cannot write /nowhere/x.partial");
    refuse(database, "export --schema-name odd > /dev/full",
           "the archive cannot be written: No space left on device");
    assert_int_equal(server_command(database, output, sizeof output, "export"), 2);
    assert_int_equal(server_command(database, output, sizeof output,
                                    "export --schema-name odd --shoe 1 > /dev/null"),
                     2);

    /* an archive that could not be read back is not written */
    database_value(database, "create table odd.by_hand (id bigint primary key)");
    refuse(database, words("export --schema-name odd --output %s/x", folder),
           "FAILED_PRECONDITION: the tenant has a table by_hand that none of its migrations makes");
    database_value(database,
                   "drop table odd.by_hand; alter table odd.business_company add shoe text");
    refuse(database, words("export --schema-name odd --output %s/x", folder), "shoe");
    database_value(
        database,
        "alter table odd.business_company drop shoe; "
        "update odd.core_migration set checksum = '1' where app = 'users' and name like '0001%%'");
    refuse(database, words("export --schema-name odd --output %s/x", folder),
           "from another file than");
    assert_int_equal(files_like("x*"), 0);
    assert_value(database, "0",
                 "select count(*) from pg_namespace where nspname like 'ciq_export%%'");
}

/* An archive of yesterday is brought up to today. */
static void
test_import__of_older_migrations(void **state)
{
    World *world = *state;
    const TestDatabase *database = &world->database;
    static const char *const apps[] = {"business", "users", "core"};

    tenant_new(world->platform, "older");
    for (size_t i = 0; i < sizeof apps / sizeof *apps; i++)
        migration_undo(database, "older", migration_newest(apps[i]));
    assert_value(
        database, "f",
        "select heads = (select heads from public.tenants_tenant where schema_name = 'acme') "
        "from public.tenants_tenant where schema_name = 'older'");
    succeed(database, words("export --schema-name older --output %s/older", folder),
            "tenant older exported");
    succeed(database,
            words("import --input %s/older --schema-name newer --domain newer.localhost", folder),
            "imported");
    assert_value(
        database, "t t t",
        "select concat_ws(' ', (select heads from public.tenants_tenant where schema_name = 'newer') = "
        "(select heads from public.tenants_tenant where schema_name = 'acme'), "
        "to_regclass('newer.business_contact_email') is not null, "
        "(select count(*) from newer.core_migration) = (select count(*) from acme.core_migration))");
    ciq_client_free(sign_in(&world->server, "newer", world_email, world_password));
}

static void
test_import__of_a_suspended_tenant_stays_closed(void **state)
{
    World *world = *state;
    CiqError *error = NULL;
    CiqLoginRequest login = CLIENTIQ__V1__LOGIN_REQUEST__INIT;

    tenant_new(world->platform, "late");
    expect_json(world->platform, "TenantService/SuspendTenant", CODE_OK, NULL,
                "{\"schema_name\": \"late\", \"reason\": \"invoice 17\"}");
    succeed(&world->database, words("export --schema-name late --output %s/late", folder),
            "exported");
    succeed(&world->database,
            words("import --input %s/late --schema-name later --domain later.localhost", folder),
            "imported");
    CiqClient *client = client_new(&world->server, "later", NULL);
    login.email = TEXT(world_email);
    login.password = TEXT(world_password);
    assert_null(ciq_login(client, &login, &error));
    assert_code(error, CODE_FAILED_PRECONDITION, "the tenant later is suspended: invoice 17");
    ciq_client_free(client);
    expect_json(world->platform, "TenantService/ActivateTenant", CODE_OK, NULL,
                "{\"schema_name\": \"later\"}");
    ciq_client_free(sign_in(&world->server, "later", world_email, world_password));
}

/* ---- apps of the user's own ---- */

static void
write_migration(const char *app, const char *name, const char *text)
{
    char path[256];

    snprintf(path, sizeof path, "%s/apps/tenant/%s/%s.sql", folder, app, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void
with_apps(Config *config)
{
    setting_set(&config->apps, words("%s/apps", folder));
}

/* Tables that need everything: circles of foreign keys, generated columns, numbers that are always
 * generated, a sequence of nobody's, an index that asks for no transaction. */
static void
test_import__of_the_users_apps(void **state)
{
    TestDatabase database;
    TestServer server;
    char output[2048];

    (void) state;
    for (const char *part = "apps\0apps/tenant\0apps/tenant/shop\0"; *part != '\0';
         part += strlen(part) + 1)
        assert_int_equal(mkdir(words("%s/%s", folder, part), 0700), 0);
    write_migration(
        "shop", "0001_initial",
        "-- depends: users/0001\n-- migrate:up\ncreate sequence shop_number start 100;\n"
        "create table shop_order (id bigint generated always as identity primary key, "
        "number bigint not null default nextval('shop_number'), parent_id bigint references shop_order (id), "
        "first_line_id bigint, net numeric(12, 2) not null, gross numeric generated always as (net * 1.19) stored, "
        "tags text[] not null default '{}', taken interval, \"Odd \"\"Name\" bytea);\n"
        "create table shop_line (id bigserial primary key, "
        "order_id bigint not null references shop_order (id) on delete cascade, "
        "user_id bigint references users_customuser (id));\n"
        "alter table shop_order add constraint shop_order_first foreign key (first_line_id) "
        "references shop_line (id) deferrable initially deferred;\n"
        "create table \"Z a\" (\"b c\" integer primary key);\n"
        "insert into \"Z a\" values (7);\n"
        "-- migrate:down\ndrop table shop_line, shop_order, \"Z a\"; drop sequence shop_number;\n");
    write_migration(
        "shop", "0002_index",
        "-- no-transaction\n-- migrate:up\ncreate index concurrently if not exists shop_line_order on shop_line (order_id);\n"
        "-- migrate:down\ndrop index concurrently if exists shop_line_order;\n");
    database_new(&database);
    server_up(&server, &database, with_apps);
    CiqClient *platform = operator_new(&server);
    tenant_new(platform, "shopper");
    database_value(
        &database,
        "begin; set search_path to shopper; set constraints all deferred; "
        "insert into shop_order (net, tags, taken, \"Odd \"\"Name\") values (10.50, '{\"a b\",null}', '1 mon 2 days 03:04:05', '\\x00ff'); "
        "insert into shop_order (net, parent_id) values (1, 1); "
        "insert into shop_line (order_id, user_id) values (1, 1), (2, null); "
        "update shop_order set first_line_id = 2 where id = 1; delete from \"Z a\"; "
        "insert into \"Z a\" values (8); commit");

    snprintf(output, sizeof output, "--apps %s/apps", folder);
    succeed(&database, words("export --schema-name shopper --output %s/shopper %s", folder, output),
            "12 tables");
    refuse(&database, words("export --schema-name shopper --output %s/shopper2", folder),
           "this server has no app shop");
    refuse(
        &database,
        words("import --input %s/shopper --schema-name other --domain other.localhost", folder),
        "FAILED_PRECONDITION: the tenant has shop/0001_initial, and this server has no app shop: --apps");
    succeed(&database,
            words("import --input %s/shopper --schema-name other --domain other.localhost %s",
                  folder, output),
            "imported");
    assert_string_equal(rows_of(&database, "other"), rows_of(&database, "shopper"));
    assert_value(&database, "3 102 3",
                 "with o as (insert into other.shop_order (net) values (1) returning id, number), "
                 "l as (insert into other.shop_line (order_id) values (1) returning id) "
                 "select concat_ws(' ', o.id, o.number, l.id) from o, l");
    assert_value(
        &database, "t",
        "select (select count(*) from pg_constraint where connamespace = 'other'::regnamespace and convalidated) = "
        "(select count(*) from pg_constraint where connamespace = 'shopper'::regnamespace)");

    /* and so does a clone */
    expect_json(
        platform, "TenantService/CloneTenant", CODE_OK, NULL,
        "{\"schema_name\": \"shopper\", \"new_schema_name\": \"cloned\", \"domain\": \"cloned.localhost\", \"with_rows\": true}");
    assert_string_equal(rows_of(&database, "cloned"), rows_of(&database, "shopper"));
    assert_value(&database, "3 102",
                 "insert into cloned.shop_order (net) values (1) returning id || ' ' || number");
    ciq_client_free(platform);
    server_down(&server);
    database_drop(&database);
}

/* ---- while others write ---- */

static void
test_export__sees_one_moment(void **state)
{
    World *world = *state;
    Writer writer;
    int before, during;

    writer_start(&writer, world);
    before = atomic_load(&writer.rounds);
    succeed(&world->database, words("export --schema-name busy --output %s/busy", folder),
            "exported");
    during = atomic_load(&writer.rounds) - before;
    writer_stop(&writer);
    assert_true(during > 0);
    succeed(&world->database,
            words("import --input %s/busy --schema-name moment --domain moment.localhost", folder),
            "imported");
    assert_one_moment(world, "moment");
}

/* ---- many rows, and the end in the middle of them ---- */

static long
peak_kib(void)
{
    struct rusage usage;

    /* the largest of all children so far */
    assert_int_equal(getrusage(RUSAGE_CHILDREN, &usage), 0);
    return usage.ru_maxrss;
}

static void
make_large(World *world)
{
    if (strcmp(database_value(&world->database,
                              "select to_regclass('large.business_contact') is null"),
               "t") != 0)
        return;
    tenant_new(world->platform, "large");
    database_value(
        &world->database,
        "insert into large.business_contact (email, first_name, last_name) "
        "select n || '@large.example', repeat('first', 30), repeat('last', 30) from generate_series(1, 200000) n");
    succeed(&world->database, words("export --schema-name large --output %s/large", folder),
            "exported");
}

static void
test_export__memory_is_flat(void **state)
{
    World *world = *state;
    struct stat status;

    succeed(&world->database, words("export --schema-name techcorp --output %s/small", folder),
            "exported");
    succeed(&world->database,
            words("import --input %s/small --schema-name small --domain small.localhost", folder),
            "imported");
    long before = peak_kib();

    make_large(world);
    succeed(&world->database,
            words("import --input %s/large --schema-name large_too --domain large-too.localhost",
                  folder),
            "rows");
    assert_int_equal(stat(words("%s/large", folder), &status), 0);
    assert_true(status.st_size > 60 * 1024 * 1024);
    if (peak_kib() - before > 16 * 1024)
        fail_msg("%ld KiB more for %ld KiB", peak_kib() - before, (long) status.st_size / 1024);
    assert_value(&world->database, "200000", "select count(*) from large_too.business_contact");
}

static pid_t
spawn(const TestDatabase *database, const char *const *arguments)
{
    static char settings[4][300];
    const char *all[24] = {CIQ_BIN_DIR "/ciq-server"};
    size_t count = 1;
    pid_t pid;

    while (arguments[count - 1] != NULL) {
        all[count] = arguments[count - 1];
        count++;
    }
    snprintf(settings[0], sizeof settings[0], "--database=%s", database->worker);
    snprintf(settings[1], sizeof settings[1], "--database-owner=%s", database->owner);
    snprintf(settings[2], sizeof settings[2], "--role-block=16");
    for (int i = 0; i < 3; i++)
        all[count++] = settings[i];
    all[count] = NULL;
    assert_int_equal(
        posix_spawn(&pid, all[0], NULL, NULL, (char *const *) (uintptr_t) all, environ), 0);
    return pid;
}

static bool
copies(void *argument)
{
    World *world = argument;

    return strcmp(database_value(
                      &world->database,
                      "select count(*) from pg_stat_activity where datname = current_database() "
                      "and query like 'copy cut.business_contact%%' and state = 'active'"),
                  "1") == 0;
}

/* Until PostgreSQL has noticed that a program died. */
static void
wait_for_idle(World *world)
{
    wait_for_value(
        &world->database, "0",
        "select count(*) from pg_stat_activity where datname = current_database() "
        "and backend_type = 'client backend' and state <> 'idle' and pid <> pg_backend_pid()");
}

static void
test_import__killed_in_the_middle(void **state)
{
    World *world = *state;
    char before[200], after[200], path[80];
    int status;

    make_large(world);
    database_traces(&world->database, before);
    snprintf(path, sizeof path, "%s/large", folder);
    pid_t pid =
        spawn(&world->database, (const char *const[]){"import", "--input", path, "--schema-name",
                                                      "cut", "--domain", "cut.localhost", NULL});
    while (!copies(world)) /* it first reads all of the file, however long that takes here */
        assert_int_equal(waitpid(pid, &status, WNOHANG), 0);
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
    wait_for_idle(world);
    database_traces(&world->database, after);
    assert_string_equal(after, before);
    succeed(&world->database,
            words("import --input %s --schema-name cut --domain cut.localhost", path), "imported");
}

static void *
clone_at(void *argument)
{
    CiqError *error = NULL;
    CiqCloneTenantRequest request = CLIENTIQ__V1__CLONE_TENANT_REQUEST__INIT;
    CiqClient *client = ciq_client_new(
        &(CiqOptions){.urls = argument, .timeout_ms = 60000, .connect_ms = 15000}, &error);

    request.schema_name = TEXT("techcorp");
    request.new_schema_name = TEXT("half");
    request.domain = TEXT("half.localhost");
    request.with_rows = true;
    ciq_clone_tenant_response_free(ciq_clone_tenant(client, &request, &error));
    ciq_client_free(client);
    return error;
}

/* A server dies while it copies rows: what it had made goes with it.  The caller's library asks the
 * next server again, with the same key, and the clone is made once. */
static void
test_clone__server_killed_in_the_middle(void **state)
{
    World *world = *state;
    char before[200], after[200], url[96], listen[112];
    PGconn *holder;
    pthread_t thread;
    void *error;

    snprintf(url, sizeof url, "ipc://%s/victim.sock", folder);
    snprintf(listen, sizeof listen, "--listen=%s", url);
    database_traces(&world->database, before);
    holder = database_hold(&world->database, "lock table techcorp.business_company");
    pid_t pid = spawn(&world->database,
                      (const char *const[]){listen, "--workers=1", "--log-level=error", NULL});
    assert_int_equal(pthread_create(&thread, NULL, clone_at, url), 0);
    wait_for_waiters(&world->database, 1); /* the clone, for the table */
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    database_release(holder);
    wait_for_idle(world);
    database_traces(&world->database, after);
    assert_string_equal(after, before);

    pid = spawn(&world->database,
                (const char *const[]){listen, "--workers=1", "--log-level=error", NULL});
    pthread_join(thread, &error);
    assert_ok(error);
    assert_value(&world->database, "1",
                 "select count(*) from public.tenants_tenant where name = 'techcorp' "
                 "and schema_name = 'half'");
    assert_string_equal(rows_of(&world->database, "half"), rows_of(&world->database, "techcorp"));
    assert_int_equal(kill(pid, SIGTERM), 0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

/* ---- what the page says ---- */

/* Whoever makes a table decides whether it travels, and says so. */
static void
test_tables__are_on_the_page(void **state)
{
    World *world = *state;
    char *page = file_read(CIQ_SOURCE_DIR "/docs/backup.md", NULL);
    char tables[4096], *table, *rest = tables;

    snprintf(
        tables, sizeof tables, "%s",
        database_value(&world->database,
                       "select string_agg(relname, ' ') from pg_class "
                       "where relnamespace = 'techcorp'::regnamespace and relkind in ('r', 'p')"));
    while ((table = strsep(&rest, " ")) != NULL) {
        char quoted[80];

        snprintf(quoted, sizeof quoted, "`%.70s`", table);
        if (strstr(page, quoted) == NULL)
            fail_msg(
                "docs/backup.md does not say whether the table %s travels; sql/query/tenant_rows.sql decides it",
                table);
    }
    free(page);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_export__memory_is_flat), /* before other children have grown */
        cmocka_unit_test(test_import__beside_the_original),
        cmocka_unit_test(test_import__elsewhere),
        cmocka_unit_test(test_import__from_a_pipe),
        cmocka_unit_test(test_export__refusals),
        cmocka_unit_test(test_import__of_older_migrations),
        cmocka_unit_test(test_import__of_a_suspended_tenant_stays_closed),
        cmocka_unit_test(test_import__of_the_users_apps),
        cmocka_unit_test(test_export__sees_one_moment),
        cmocka_unit_test(test_import__killed_in_the_middle),
        cmocka_unit_test(test_clone__server_killed_in_the_middle),
        cmocka_unit_test(test_tables__are_on_the_page),
    };

    return run_cases(tests, setup, teardown);
}
