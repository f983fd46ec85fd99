/* ciq-server export and ciq-server import, for main.c: one tenant into a file, and a tenant out of
 * one.  Both use a connection of their own with the owner's login, whether or not a server is
 * running.  */
#include "command_archive.h"
#include "command.h"
#include "base/config.h"
#include "tenant/export.h"
#include "tenant/import.h"
#include "call/internal.h"
#include "base/log.h"
#include "proto/visible.h"
#include "server.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    DOMAINS_MAX = 64, /* of one tenant, from the command line */
    PATH_SIZE = 4096,
    CHECK_MAX_MS = 1000 /* a call needs a deadline; --check asks no database and ignores it */
};

static int
fail(const char *reason)
{
    fprintf(stderr, "ciq-server: %s\n", reason);
    return 1;
}

/* ---- export ---- */

static int
usage_export(const char *what)
{
    fprintf(stderr, "ciq-server: %s\nusage: ciq-server export --schema-name NAME [--output FILE]\n",
            what);
    return 2;
}

typedef struct ExportWork {
    const char *schema_name;
    FILE *file;
    ExportResult result;
} ExportWork;

static bool
work_export(Call *call, void *argument)
{
    ExportWork *work = argument;

    return export_tenant(call, work->schema_name, work->file, &work->result);
}

/* A file gets its name when it is complete; only its owner may read it, since it contains the
 * hashes of passwords. */
static int
export_to_file(const Config *config, ExportWork *work, const char *path)
{
    char partial[PATH_SIZE], reason[1024];
    int descriptor;
    bool ok;

    if (snprintf(partial, sizeof partial, "%s.partial-XXXXXX", path) >= (int) sizeof partial)
        return fail("the file's name is too long");
    descriptor = mkostemp(partial, O_CLOEXEC);
    work->file = descriptor < 0 ? NULL : fdopen(descriptor, "wb");
    if (work->file == NULL) {
        snprintf(reason, sizeof reason, "cannot write %.500s: %s", partial, strerror(errno));
        if (descriptor >= 0)
            close(descriptor);
        return fail(reason);
    }
    ok = server_work(config, SERVER_AS_IT_IS, work_export, work, reason, sizeof reason);
    if (ok && fsync(descriptor) != 0) {
        snprintf(reason, sizeof reason, "cannot write %.500s: %s", partial, strerror(errno));
        ok = false;
    }
    fclose(work->file);
    if (ok && rename(partial, path) != 0) {
        snprintf(reason, sizeof reason, "cannot rename %.500s: %s", partial, strerror(errno));
        ok = false;
    }
    if (ok)
        return 0;
    unlink(partial);
    return fail(reason);
}

/* Not by stdout, which is for texts (proto/visible.h). */
static int
export_to_stdout(const Config *config, ExportWork *work)
{
    char reason[1024];
    bool ok;

    work->file = fdopen(STDOUT_FILENO, "wb");
    if (work->file == NULL)
        return fail("cannot write to standard output");
    ok = server_work(config, SERVER_AS_IT_IS, work_export, work, reason, sizeof reason);
    if (fclose(work->file) != 0 && ok) {
        snprintf(reason, sizeof reason, "cannot write to standard output: %s", strerror(errno));
        ok = false;
    }
    return ok ? 0 : fail(reason);
}

int
command_export(int argc, char **argv)
{
    ExportWork work = {.schema_name = command_take_value(&argc, argv, "--schema-name")};
    const char *output = command_take_value(&argc, argv, "--output");
    Config config;
    int status;

    if (work.schema_name == NULL)
        return usage_export("export needs --schema-name NAME");
    if (output != NULL && strcmp(output, "-") == 0)
        output = NULL;
    if (output == NULL && isatty(STDOUT_FILENO))
        return usage_export("an archive cannot be written to a terminal: use --output FILE");
    if (!command_load_config(&config, argc, argv))
        return 2;
    command_start_log();
    status =
        output != NULL ? export_to_file(&config, &work, output) : export_to_stdout(&config, &work);
    log_stop();
    if (status == 0)
        fprintf(stderr, "tenant %s exported: %zu tables, %" PRIu64 " rows\n", work.schema_name,
                work.result.tables, work.result.rows);
    config_free(&config);
    return status;
}

/* ---- import ---- */

static int
usage_import(const char *what)
{
    fprintf(stderr,
            "ciq-server: %s\n"
            "usage: ciq-server import [--input FILE] [--check] [--schema-name NAME] [--name NAME]\n"
            "                         [--domain HOST …] [--drop-invalid]\n",
            what);
    return 2;
}

/* A pipe can be read only once, but an archive is read twice. */
static FILE *
spool_stdin(void)
{
    const char *folder = getenv("TMPDIR");
    char path[PATH_SIZE], buffer[64 * 1024];
    FILE *file;
    size_t size;
    int descriptor;

    snprintf(path, sizeof path, "%.4000s/ciq-import-XXXXXX",
             folder != NULL && folder[0] != '\0' ? folder : "/tmp");
    descriptor = mkostemp(path, O_CLOEXEC);
    if (descriptor < 0)
        return NULL;
    unlink(path);
    file = fdopen(descriptor, "w+b");
    if (file == NULL) {
        close(descriptor);
        return NULL;
    }
    while ((size = fread(buffer, 1, sizeof buffer, stdin)) > 0 &&
           fwrite(buffer, 1, size, file) == size)
        ;
    if (size == 0 && !ferror(stdin) && fflush(file) == 0 && fseeko(file, 0, SEEK_SET) == 0)
        return file;
    fclose(file);
    return NULL;
}

static FILE *
open_input(const char *input)
{
    FILE *file = input == NULL || strcmp(input, "-") == 0 ? spool_stdin() : fopen(input, "rbe");

    if (file == NULL)
        fprintf(stderr, "ciq-server: cannot read %s: %s\n",
                input != NULL ? input : "standard input", strerror(errno));
    return file;
}

/* What an archive says of itself was made somewhere else: it must not look like a line of ours. */
static void
show_archive(const ImportResult *result)
{
    const ArchiveManifest *manifest = result->manifest;
    char *schema = visible_copy(manifest->tenant->schema_name, VISIBLE_ONE_LINE);
    char *version = visible_copy(manifest->server_version, VISIBLE_ONE_LINE);

    printf("tenant %s of release %s: %zu tables, %" PRIu64 " rows; the archive is whole\n",
           schema != NULL ? schema : "?", version != NULL ? version : "?", manifest->n_tables,
           result->rows);
    free(schema);
    free(version);
}

/* Every byte is verified before the database is asked for anything. */
static bool
check_archive(FILE *file, bool shows)
{
    Arena *arena = arena_new(LIMIT_ARENA);
    ImportResult result;
    Call call;
    bool ok;

    if (arena == NULL)
        return fail("no memory") == 0;
    internal_call(&call, NULL, arena, NULL, CHECK_MAX_MS);
    ok = import_check(&call, file, &result);
    if (!ok) {
        char text[2048];

        (void) visible_cut(call.failure.text, strlen(call.failure.text), VISIBLE_ONE_LINE, text,
                           sizeof text);
        fprintf(stderr, "ciq-server: %s: %s\n", code_name((int) call.failure.code), text);
    } else if (shows)
        show_archive(&result);
    arena_free(arena);
    return ok;
}

typedef struct ImportWork {
    FILE *file;
    ImportNames names;
} ImportWork;

static bool
work_import(Call *call, void *argument)
{
    ImportWork *work = argument;
    ImportResult result;

    if (!import_tenant(call, work->file, &work->names, &result))
        return false;
    printf("tenant %s imported: number %" PRId64 ", %zu tables, %" PRIu64 " rows\n",
           work->names.schema_name != NULL ? work->names.schema_name
                                           : result.manifest->tenant->schema_name,
           result.id, result.manifest->n_tables, result.rows);
    return true;
}

static int
import_from_file(const Config *config, ImportWork *work)
{
    char reason[1024];

    if (fseeko(work->file, 0, SEEK_SET) != 0)
        return fail("an archive is read twice, and this file cannot be: pass it on standard input");
    return server_work(config, SERVER_PREPARED, work_import, work, reason, sizeof reason)
               ? 0
               : fail(reason);
}

int
command_import(int argc, char **argv)
{
    const char *domains[DOMAINS_MAX], *domain;
    const char *input = command_take_value(&argc, argv, "--input");
    bool check_only = command_take_word(&argc, argv, "--check");
    ImportWork work = {
        .names = {.schema_name = command_take_value(&argc, argv, "--schema-name"),
                  .name = command_take_value(&argc, argv, "--name"),
                  .domains = domains,
                  .drops_invalid = command_take_word(&argc, argv, "--drop-invalid")}};
    Config config;
    int status = 1;

    while ((domain = command_take_value(&argc, argv, "--domain")) != NULL) {
        if (work.names.domains_count == DOMAINS_MAX)
            return usage_import("--domain may be given at most 64 times");
        domains[work.names.domains_count++] = domain;
    }
    if (input == NULL && isatty(STDIN_FILENO))
        return usage_import("an archive cannot be read from a terminal: use --input FILE");
    if (!command_load_config(&config, argc, argv))
        return 2;
    command_start_log();
    work.file = open_input(input);
    if (work.file != NULL) {
        if (check_archive(work.file, check_only))
            status = check_only ? 0 : import_from_file(&config, &work);
        fclose(work.file);
    }
    log_stop();
    config_free(&config);
    return status;
}
