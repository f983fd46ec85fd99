/* Archives that are not what export has written: damaged anywhere, cut anywhere, of a newer
 * release, or forged. All are refused with a clear code, and the database stays as it was.  */
#include "harness/harness.h"

#include "server/tenant/archive.h"
#include "server/call/auth.h"
#include "server/base/digest.h"
#include "server/tenant/import.h"
#include "server/call/internal.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[64];
static char *original;
static size_t original_size;

static void
write_file(const char *path, const char *data, size_t size)
{
    FILE *file = fopen(path, "wb");

    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static int
setup(void **state)
{
    char output[1024], path[128];

    world_setup(state);
    World *world = *state;

    folder_new(folder);
    database_value(&world->database,
                   "insert into acme.business_company (name) values ('One'), ('Two'); "
                   "insert into acme.business_contact (company_id, email) values (1, 'a@b.c')");
    snprintf(path, sizeof path, "%s/original", folder);
    if (server_command(&world->database, output, sizeof output,
                       "export --schema-name acme --output %s", path) != 0)
        fail_msg("%s", output);
    original = file_read(path, &original_size);
    return 0;
}

static int
teardown(void **state)
{
    free(original);
    folder_remove(folder);
    return world_teardown(state);
}

/* The code with which these bytes are refused before any database is asked. */
static Code
check(const char *data, size_t size)
{
    FILE *file = fmemopen((void *) (uintptr_t) data, size + (size == 0), "rb");
    Arena *arena = arena_new(LIMIT_ARENA);
    ImportResult result;
    Call call;

    assert_non_null(file);
    assert_non_null(arena);
    internal_call(&call, NULL, arena, NULL, 1000);

    bool ok = import_check(&call, file, &result);
    Code code = call.failure.code;

    assert_int_equal(ok, code == CODE_OK);
    fclose(file);
    arena_free(arena);
    return code;
}

/* Every single byte, one after the other: head, manifest, rows, counts and checksums. */
static void
test_archive__any_byte_is_another(void **state)
{
    char *copy = malloc(original_size);

    (void) state;
    assert_true(original_size > 1000 && original_size < 100000);
    assert_int_equal(check(original, original_size), CODE_OK);
    for (size_t i = 0; i < original_size; i++) {
        memcpy(copy, original, original_size);
        copy[i] ^= (char) (1 << i % 8);

        Code code = check(copy, original_size);

        /* a changed format number may be the one of a newer release */
        if (code != CODE_DATA_LOSS && !(i >= 8 && i < 12 && code == CODE_FAILED_PRECONDITION))
            fail_msg("byte %zu of %zu: %s", i, original_size, code_name((int) code));
    }
    free(copy);
}

static void
test_archive__any_end_is_missing(void **state)
{
    char *longer = malloc(original_size + 1);

    (void) state;
    for (size_t size = 0; size < original_size; size++)
        assert_int_equal(check(original, size), CODE_DATA_LOSS);
    memcpy(longer, original, original_size);
    longer[original_size] = '\n';
    assert_int_equal(check(longer, original_size + 1), CODE_DATA_LOSS);
    free(longer);
}

/* Changed manifests with a right checksum, the same ones in each run of the test: each is read or
 * refused, and nothing worse happens. */
static void
test_archive__any_manifest(void **state)
{
    enum { START = 12, CHANGES = 5000 };
    char *copy = malloc(original_size);
    const uint8_t *bytes = (const uint8_t *) original;
    size_t body = original_size - 37, manifest_size = (size_t) bytes[15] << 8 | bytes[16];
    DigestStream *stream = digest_stream_new();
    unsigned refused = 0, seed = 1;

    (void) state;
    assert_non_null(stream);
    assert_true(manifest_size > 500 && START + manifest_size < original_size);
    for (int i = 0; i < CHANGES; i++) {
        memcpy(copy, original, original_size);
        for (unsigned change = 0; change <= seed % 3; change++) {
            seed = seed * 1103515245 + 12345;
            copy[START + 5 + (seed >> 8) % manifest_size] = (char) (seed >> 24);
        }
        digest_stream_add(stream, copy, body);
        digest_stream_end(stream, (uint8_t *) copy + body + 5);

        Code code = check(copy, original_size);

        refused += code != CODE_OK;
        if (code != CODE_OK && code != CODE_DATA_LOSS && code != CODE_RESOURCE_EXHAUSTED)
            fail_msg("change %d: %s", i, code_name((int) code));
    }
    assert_true(refused > 100 && refused < CHANGES); /* both happened: the checksum was right */
    digest_stream_free(stream);
    free(copy);
}

/* ---- what a real import says, and does not do ---- */

/* The audit too, in which a refused import leaves nothing. */
static void
traces(World *world, char out[200])
{
    database_traces(&world->database, out);
    snprintf(out + strlen(out), 200 - strlen(out), " %s",
             database_value(&world->database, "select count(*) from public.core_audit"));
}

static void
refuse(World *world, const char *path, const char *words, const char *text)
{
    char before[200], after[200], output[4096];

    traces(world, before);
    int status = server_command(&world->database, output, sizeof output,
                                "import --input %s --schema-name other --domain other.localhost %s",
                                path, words);
    traces(world, after);
    if (status != 1 || strstr(output, text) == NULL)
        fail_msg("exit %d, expected \"%s\": %s", status, text, output);
    assert_string_equal(after, before);
}

static void
test_import__of_damaged_archives(void **state)
{
    World *world = *state;
    char path[128], *copy = malloc(original_size);
    const size_t places[] = {0, 20, original_size / 2, original_size - 60, original_size - 1};

    snprintf(path, sizeof path, "%s/damaged", folder);
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        memcpy(copy, original, original_size);
        copy[places[i]] ^= 4;
        write_file(path, copy, original_size);
        refuse(world, path, "", "DATA_LOSS: ");
    }
    write_file(path, original, original_size - 7);
    refuse(world, path, "", "it ends too early");
    write_file(path, "", 0);
    refuse(world, path, "", "it ends too early");
    write_file(path, "-- PostgreSQL database dump\n", 28);
    refuse(world, path, "", "this is not an archive of a tenant");
    memcpy(copy, original, original_size);
    copy[11] = 3;
    write_file(path, copy, original_size);
    refuse(world, path, "",
           "FAILED_PRECONDITION: the archive has format 3, and this release reads up to 2");
    refuse(world, "/nowhere/at/all", "", "cannot read /nowhere/at/all");
    free(copy);
}

/* ---- archives with right checksums and wrong content ---- */

typedef void (*Forge)(ArchiveManifest *manifest);

static ArchiveTable *
table_named(ArchiveManifest *manifest, const char *name)
{
    for (size_t i = 0; i < manifest->n_tables; i++)
        if (strcmp(manifest->tables[i]->name, name) == 0)
            return manifest->tables[i];
    fail_msg("no table %s", name);
    return NULL;
}

/* The original once more, with another manifest, and other rows for one table. */
static const char *
forge(Forge change, const char *table, const char *rows)
{
    static char path[128];
    FILE *in = fmemopen(original, original_size, "rb"), *out;
    Arena *arena = arena_new(LIMIT_ARENA);
    const ArchiveManifest *manifest;
    Call call;

    snprintf(path, sizeof path, "%s/forged", folder);
    out = fopen(path, "wb");
    assert_true(in != NULL && out != NULL && arena != NULL);
    internal_call(&call, NULL, arena, NULL, 1000);

    ArchiveReader *reader = archive_reader_new(&call, in);
    ArchiveWriter *writer = archive_writer_new(&call, out);

    assert_true(archive_read_manifest(reader, &manifest));

    size_t count = manifest->n_tables;
    ArchiveManifest forged = *manifest;
    const char *tab =
        rows == NULL || strchr(rows, '\n') == NULL || strchr(rows, '\n')[1] == '\0' ? rows : "\t";

    /* the reader goes by its own lists */
    forged.tables = call_alloc(&call, (count + 1) * sizeof *forged.tables);
    for (size_t i = 0; i < count; i++) {
        forged.tables[i] = call_alloc(&call, sizeof(ArchiveTable));
        *forged.tables[i] = *manifest->tables[i];
    }
    if (change != NULL)
        change(&forged);
    assert_true(archive_write_manifest(writer, &forged));
    /* the writer counts columns too, by what it is told after the manifest */
    if (rows != NULL)
        for (table_named(&forged, table)->n_columns = 1;
             tab != NULL && (tab = strchr(tab, '\t')) != NULL; tab++)
            table_named(&forged, table)->n_columns++;
    for (size_t i = 0; i < forged.n_tables; i++) {
        size_t size = 1;
        const ArchiveTableEnd *end;

        while (size > 0) {
            const char *data;

            assert_true(archive_read_rows(reader, &data, &size, &end));
            if (table == NULL || strcmp(table, forged.tables[i]->name) != 0)
                assert_true(archive_write_rows(writer, data, size));
        }
        if (table != NULL && strcmp(table, forged.tables[i]->name) == 0)
            assert_true(archive_write_rows(writer, rows, strlen(rows)));
        assert_true(archive_write_table_end(writer, forged.tables[i]->name, ""));
    }
    assert_true(archive_write_end(writer));
    archive_reader_free(reader);
    archive_writer_free(writer);
    fclose(in);
    fclose(out);
    arena_free(arena);
    return path;
}

static void
unknown_table(ArchiveManifest *manifest)
{
    table_named(manifest, "users_customuser_user_permissions")->name =
        TEXT("users_customuser_h; drop schema acme cascade");
}

static void
ledger_table(ArchiveManifest *manifest)
{
    table_named(manifest, "core_audit")->name = TEXT("core_migration");
}

static void
foreign_table(ArchiveManifest *manifest)
{
    table_named(manifest, "users_customuser_user_permissions")->name =
        TEXT("users_customuser_h\".\"public");
}

static void
lacking_table(ArchiveManifest *manifest)
{
    manifest->n_tables--;
}

static void
unknown_column(ArchiveManifest *manifest)
{
    static char *columns[] = {"id", "name", "website", "industry) from program 'id' --",
                              "create_time"};

    table_named(manifest, "business_company")->columns = columns;
}

static void
lacking_column(ArchiveManifest *manifest)
{
    table_named(manifest, "auth_group")->n_columns--;
}

static void
no_migrations(ArchiveManifest *manifest)
{
    manifest->n_migrations = 0;
}

static void
newer_migration(ArchiveManifest *manifest)
{
    manifest->migrations[0]->name = TEXT("0999_of_tomorrow");
}

static void
unknown_app(ArchiveManifest *manifest)
{
    manifest->migrations[0]->app = TEXT("shop");
}

static void
edited_migration(ArchiveManifest *manifest)
{
    manifest->migrations[0]->checksum = TEXT("0000");
}

static void
gap_in_migrations(ArchiveManifest *manifest)
{
    for (size_t i = 0; i < manifest->n_migrations; i++)
        if (strcmp(manifest->migrations[i]->app, "users") == 0 &&
            strncmp(manifest->migrations[i]->name, "0001", 4) == 0)
            manifest->migrations[i] = manifest->migrations[0];
}

static void
unknown_sequence(ArchiveManifest *manifest)
{
    assert_true(manifest->n_sequences > 0);
    manifest->sequences[manifest->n_sequences - 1]->name = TEXT("zz_number");
}

static void
lacking_sequence(ArchiveManifest *manifest)
{
    assert_true(manifest->n_sequences > 0);
    manifest->n_sequences--;
}

static void
unknown_view(ArchiveManifest *manifest)
{
    static ArchiveView view = CLIENTIQ__V1__ARCHIVE_VIEW__INIT, *views[] = {&view};

    view.name = TEXT("core_audit");
    manifest->views = views;
    manifest->n_views = 1;
}

/* No migration of ours makes a partition, so each would have to be made by what the archive says.
 */
static void
forge_partition(ArchiveManifest *manifest, const char *parent, const char *bound, const char *key)
{
    static ArchivePartition partition, *partitions[] = {&partition, &partition};

    clientiq__v1__archive_partition__init(&partition);
    partition.name = TEXT("x");
    partition.parent = TEXT(parent);
    partition.bound = TEXT(bound);
    partition.key = TEXT(key);
    manifest->partitions = partitions;
    manifest->n_partitions = 1;
}

static void
unordered_partitions(ArchiveManifest *manifest)
{
    forge_partition(manifest, "core_audit", "DEFAULT", "");
    manifest->n_partitions = 2;
}

static void
run_bound(ArchiveManifest *manifest)
{
    forge_partition(manifest, "core_audit", "DEFAULT; drop schema acme cascade", "");
}

static void
run_key(ArchiveManifest *manifest)
{
    forge_partition(manifest, "core_audit", "DEFAULT", "RANGE ((f()))");
}

static void
quoted_block(ArchiveManifest *manifest)
{
    forge_partition(manifest, "core_audit", "$block$; drop schema acme cascade; --", "");
}

static void
partition_of_a_table(ArchiveManifest *manifest)
{
    forge_partition(manifest, "core_audit", "FOR VALUES IN ('a''b', NULL, -1.5e+10, true)", "");
}

static void
partition_of_another_schema(ArchiveManifest *manifest)
{
    forge_partition(manifest, "public\".\"core_audit",
                    "FOR VALUES FROM (MINVALUE, '') TO (MAXVALUE, 'x\\')", "");
}

static void
partition_of_itself(ArchiveManifest *manifest)
{
    forge_partition(manifest, "x", "FOR VALUES WITH (modulus 2, remainder 0)", "LIST (a, \"B\")");
}

static void
bad_plan(ArchiveManifest *manifest)
{
    manifest->tenant->contact_email = TEXT("nobody");
}

static void
turned_name(ArchiveManifest *manifest)
{
    manifest->tenant->name = TEXT("Acme\xe2\x80\xae");
}

static void
other_address(ArchiveManifest *manifest)
{
    manifest->tenant->contact_email = TEXT("x<victim@x.com>");
}

static void
turned_reason(ArchiveManifest *manifest)
{
    manifest->tenant->state = CLIENTIQ__V1__TENANT_STATE__TENANT_STATE_SUSPENDED;
    manifest->tenant->suspend_reason = TEXT("unpaid\xc2\x9b");
}

static void
turned_texts(ArchiveManifest *manifest)
{
    other_address(manifest);
    turned_reason(manifest);
    manifest->tenant->industry = TEXT("\xe2\x80\xae");
}

static void
obeyed_names(ArchiveManifest *manifest)
{
    manifest->tenant->schema_name = TEXT("x\xc2\x9b\x32J\ntenant acme imported\xe2\x80\xae");
    manifest->server_version = TEXT("\x1b]0;1\a");
}

static void
obeyed_table(ArchiveManifest *manifest)
{
    table_named(manifest, "users_customuser_user_permissions")->name =
        TEXT("users_customuser_h\x1b[2J\n\xc2\x9b");
}

/* What an archive says of itself goes to a terminal, as one line. */
static void
test_import_check__shows_no_bytes_that_a_terminal_obeys(void **state)
{
    World *world = *state;
    char output[2048];

    if (server_command(&world->database, output, sizeof output, "import --check --input %s",
                       forge(obeyed_names, NULL, NULL)) != 0)
        fail_msg("%s", output);
    assert_non_null(strstr(output, "tenant x\\x9b2J\\x0atenant acme imported\\u202e of release "
                                   "\\x1b]0;1\\x07: "));
    assert_non_null(strstr(output, "the archive is whole\n"));
    assert_null(strstr(output, "\ntenant acme"));
    refuse(world, forge(obeyed_table, NULL, NULL), "",
           "has a table users_customuser_h\\x1b[2J\n\\x9b,");
}

static void
test_import__of_forged_archives(void **state)
{
    static const struct {
        Forge change;
        const char *table, *rows, *text;
    } forgeries[] = {
        {unknown_table, NULL, NULL,
         "has a table users_customuser_h; drop schema acme cascade, which its migrations do not make"},
        {ledger_table, NULL, NULL, "the archive lacks the table core_audit"},
        {foreign_table, NULL, NULL, "has a table users_customuser_h\".\"public,"},
        {lacking_table, NULL, NULL,
         "the archive lacks the table users_customuser_user_permissions"},
        {unknown_column, NULL, NULL,
         "does not have the columns that its migrations make here: industry"},
        {lacking_column, "auth_group", "1\n",
         "does not have the columns that its migrations make here: name"},
        {no_migrations, NULL, NULL, "no migration of app core"},
        {newer_migration, NULL, NULL, "0999_of_tomorrow, and this server has"},
        {unknown_app, NULL, NULL, "this server has no app shop: --apps names"},
        {edited_migration, NULL, NULL, "from another file than"},
        {gap_in_migrations, NULL, NULL, "without users/0001_initial before it"},
        {unknown_sequence, NULL, NULL, "has a sequence zz_number"},
        {bad_plan, NULL, NULL, "INVALID_ARGUMENT: contact_email must be"},
        {other_address, NULL, NULL, "INVALID_ARGUMENT: contact_email must be"},
        {turned_name, NULL, NULL, "INVALID_ARGUMENT: name must not contain control"},
        {turned_reason, NULL, NULL, "INVALID_ARGUMENT: suspend_reason must not contain control"},
        {NULL, "auth_group", "1\tA\textra\n", "DATA_LOSS"},
        {NULL, "auth_group", "1\n", "DATA_LOSS"},
        {NULL, "auth_group", "1\tA", "DATA_LOSS"},
        {NULL, "auth_group", "one\tA\n",
         "FAILED_PRECONDITION: the rows cannot be copied: invalid input syntax for type bigint: "
         "\"one\" (context: COPY auth_group, line 1, column id: \"one\") (SQLSTATE 22P02)"},
        {NULL, "auth_group", "1\tA\n1\tB\n",
         "FAILED_PRECONDITION: the rows cannot be copied: duplicate key value violates unique "
         "constraint \"auth_group_pkey\" (Key (id)=(1) already exists.; "},
        {NULL, "auth_group", "1\t\xff\n", "FAILED_PRECONDITION"},
        {NULL, "business_contact", "5\t99\tA\tB\tc@d.e\t\t2026-01-01 00:00:00+00\n",
         "FAILED_PRECONDITION: the rows cannot be copied: insert or update on table "
         "\"business_contact\" violates foreign key constraint "},
        {unordered_partitions, NULL, NULL, "DATA_LOSS"},
        {run_bound, NULL, NULL,
         "FAILED_PRECONDITION: the rows cannot be copied: the partition x is none that can be "
         "made again: DEFAULT; drop schema acme cascade"},
        {run_key, NULL, NULL, "the partition x is none that can be made again: DEFAULT RANGE ((f"},
        {quoted_block, NULL, NULL, "is none that can be made again"},
        {partition_of_a_table, NULL, NULL, "\"core_audit\" is not partitioned"},
        {partition_of_another_schema, NULL, NULL, "does not exist"},
        {partition_of_itself, NULL, NULL, "the partition x cannot be made again"},
        {unknown_view, NULL, NULL, "has a materialized view core_audit, which its migrations do"},
        {lacking_sequence, NULL, NULL, "the archive lacks the sequence "},
    };
    World *world = *state;

    for (size_t i = 0; i < sizeof forgeries / sizeof *forgeries; i++) {
        refuse(world, forge(forgeries[i].change, forgeries[i].table, forgeries[i].rows), "",
               forgeries[i].text);
    }

    /* what a tenant can be without is left out */
    char kept[2048];

    if (server_command(&world->database, kept, sizeof kept,
                       "import --input %s --schema-name dropped --domain dropped.localhost "
                       "--drop-invalid",
                       forge(turned_texts, NULL, NULL)) != 0)
        fail_msg("%s", kept);
    assert_string_equal(database_value(&world->database,
                                       "select contact_email || industry || suspend_reason || "
                                       "state from public.tenants_tenant "
                                       "where schema_name = 'dropped'"),
                        "suspended");

    /* the test's own tool works: an archive that it leaves as it is, is taken */
    char output[2048];

    if (server_command(&world->database, output, sizeof output,
                       "import --input %s --schema-name forged --domain forged.localhost",
                       forge(NULL, NULL, NULL)) != 0)
        fail_msg("%s", output);
}

static void
first_format(ArchiveManifest *manifest)
{
    size_t used = 0;

    manifest->n_partitions = manifest->n_views = 0;
    manifest->postgres_version = 0;
    for (size_t i = 0; i < manifest->n_sequences; i++)
        if (manifest->sequences[i]->is_called) {
            manifest->sequences[i]->is_called = false;
            manifest->sequences[used++] = manifest->sequences[i];
        }
    assert_true(used > 1 && used < manifest->n_sequences);
    /* one that somebody's rows have got ahead of, and of which the archive says nothing */
    for (size_t i = 0; i < used; i++)
        if (strcmp(manifest->sequences[i]->name, "auth_group_id_seq") == 0)
            manifest->sequences[i] = manifest->sequences[--used];
    manifest->n_sequences = used;
}

/* As the release before wrote them: of sequences only the last numbers of those that were used. */
static void
test_import__of_the_first_format(void **state)
{
    World *world = *state;
    DigestStream *stream = digest_stream_new();
    const char *path = forge(first_format, NULL, NULL);
    char output[2048];
    size_t size;
    char *data = file_read(path, &size);

    assert_int_equal(data[11], 2);
    data[11] = 1;
    digest_stream_add(stream, data, size - 37);
    digest_stream_end(stream, (uint8_t *) data + size - 32);
    digest_stream_free(stream);
    write_file(path, data, size);
    free(data);
    if (server_command(&world->database, output, sizeof output,
                       "import --input %s --schema-name first --domain first.localhost", path) != 0)
        fail_msg("%s", output);
    assert_value(&world->database, "t t",
                 "select concat_ws(' ', "
                 "nextval(pg_get_serial_sequence('first.users_customuser', 'id')) = "
                 "nextval(pg_get_serial_sequence('acme.users_customuser', 'id')), "
                 "nextval(pg_get_serial_sequence('first.auth_group', 'id')) = "
                 "(select max(id) + 1 from acme.auth_group))");
}

/* The new schema name and domain are checked like any other name. */
static void
test_import__names(void **state)
{
    World *world = *state;
    char path[128], output[2048], before[200], after[200];
    static const char *const words[][2] = {
        {"--schema-name acme --domain x.localhost", "ALREADY_EXISTS: schema_name is taken already"},
        {"--schema-name x", "ALREADY_EXISTS: domain is taken already"},
        {"--schema-name x --domain ACME.localhost.", "ALREADY_EXISTS: domain is taken already"},
        {"--schema-name x --domain x.localhost --domain techcorp.localhost",
         "ALREADY_EXISTS: domain is taken already"},
        {"--schema-name x --domain 10.0.0.1", "INVALID_ARGUMENT: domain must be"},
        {"--schema-name pg_x --domain x.localhost",
         "INVALID_ARGUMENT: schema_name must not start with pg_"},
        {"--schema-name 'a\"b' --domain x.localhost", "INVALID_ARGUMENT: schema_name must be"},
        {"--schema-name by_hand --domain x.localhost",
         "ALREADY_EXISTS: a schema of this name exists already"},
        {"--schema-name x --domain x.localhost --name ''", "INVALID_ARGUMENT: name is required"},
    };

    snprintf(path, sizeof path, "%s/original", folder);
    database_value(&world->database, "create schema by_hand");
    traces(world, before);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        int status = server_command(&world->database, output, sizeof output, "import --input %s %s",
                                    path, words[i][0]);

        if (status != 1 || strstr(output, words[i][1]) == NULL)
            fail_msg("%s: exit %d: %s", words[i][0], status, output);
    }
    traces(world, after);
    assert_string_equal(after, before);
    assert_int_equal(
        server_command(&world->database, output, sizeof output, "import --input %s --shoe 1", path),
        2);
    assert_non_null(strstr(output, "--shoe is not an option"));
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_archive__any_byte_is_another),
        cmocka_unit_test(test_archive__any_end_is_missing),
        cmocka_unit_test(test_archive__any_manifest),
        cmocka_unit_test(test_import__of_damaged_archives),
        cmocka_unit_test(test_import__of_forged_archives),
        cmocka_unit_test(test_import_check__shows_no_bytes_that_a_terminal_obeys),
        cmocka_unit_test(test_import__of_the_first_format),
        cmocka_unit_test(test_import__names),
    };

    return run_cases(tests, setup, teardown);
}
