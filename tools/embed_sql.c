/* Turns the .sql files into C: statements with numbered parameters, scripts, and migrations in the
 * order in which they apply.  Runs at build time: embed_sql <sql directory> <output directory>;
 * writes queries.c and queries.h (see server/db/query.h) and names every mistake by file and line.
 */
#include "call/changes.h"
#include "migration/file.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
    FILES_MAX = 4096,
    PARAMETERS_MAX = 32,
    PATH_SIZE = 512,
    NAME_SIZE = 128,
    FILE_SIZE_MAX = 16 * 1024 * 1024
};

typedef struct File {
    char path[PATH_SIZE]; /* from the sql directory: "tenant/users/0001_initial.sql" */
    char *text;
    size_t size;
} File;

typedef struct Statement {
    const File *file;
    char name[NAME_SIZE];
    char *text;
    char *parameters[PARAMETERS_MAX];
    size_t parameters_count;
    char rows[8], into[NAME_SIZE];
    unsigned changes; /* CHANGE_BITs */
} Statement;

static File files[FILES_MAX];
static size_t files_count;
static Statement statements[FILES_MAX];
static size_t statements_count;
static unsigned mistakes;

static void
mistake(const File *file, size_t line, const char *format, ...)
{
    va_list arguments;

    fprintf(stderr, "sql/%s:%zu: ", file->path, line);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    mistakes++;
}

static void
die(const char *what, const char *path)
{
    fprintf(stderr, "embed_sql: %s %s: %s\n", what, path, strerror(errno));
    exit(1);
}

static void *
allocate(size_t size)
{
    void *memory = calloc(1, size);

    if (memory == NULL)
        die("cannot allocate", "memory");
    return memory;
}

static char *
copy(const char *text, size_t size)
{
    return memcpy(allocate(size + 1), text, size);
}

/* ---- reading ---- */

static void
read_file(const char *root, const char *path)
{
    char full[PATH_SIZE * 2];
    File *file = &files[files_count];

    if (files_count == FILES_MAX || strlen(path) >= sizeof file->path) {
        errno = E2BIG;
        die("cannot take", path);
    }
    if (snprintf(full, sizeof full, "%s/%s", root, path) >= (int) sizeof full)
        die("cannot take", path);

    FILE *stream = fopen(full, "rb");

    if (stream == NULL)
        die("cannot read", full);
    file->text = allocate(FILE_SIZE_MAX + 1);
    file->size = fread(file->text, 1, FILE_SIZE_MAX + 1, stream);
    fclose(stream);
    if (file->size > FILE_SIZE_MAX) {
        errno = EFBIG;
        die("cannot read", full);
    }

    char *fitting = copy(file->text, file->size);

    free(file->text);
    file->text = fitting;
    memcpy(file->path, path, strlen(path) + 1);
    files_count++;
    if (memchr(file->text, 0, file->size) != NULL)
        mistake(file, 1, "a NUL character");
}

static int
not_hidden(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static void
read_folder(const char *root, const char *path)
{
    char full[PATH_SIZE * 4], inner[PATH_SIZE * 2];
    struct dirent **entries;

    snprintf(full, sizeof full, "%s/%s", root, path);

    int count = scandir(full, &entries, not_hidden, alphasort);

    if (count < 0 && errno == ENOENT)
        return;
    if (count < 0)
        die("cannot list", full);
    for (int i = 0; i < count; i++) {
        struct stat status;
        size_t size = strlen(entries[i]->d_name);

        snprintf(inner, sizeof inner, "%s/%s", path, entries[i]->d_name);
        snprintf(full, sizeof full, "%.1000s/%.1000s", root, inner);
        if (stat(full, &status) != 0)
            die("cannot read", full);
        if (S_ISDIR(status.st_mode))
            read_folder(root, inner);
        else if (size > 4 && strcmp(entries[i]->d_name + size - 4, ".sql") == 0)
            read_file(root, inner);
        free(entries[i]);
    }
    free(entries);
}

static size_t
line_of(const File *file, const char *at)
{
    size_t line = 1;

    for (const char *c = file->text; c < at; c++)
        line += *c == '\n';
    return line;
}

/* "rpc/user_service/get_user.sql" gives "get_user". */
static void
base_name(const File *file, char name[NAME_SIZE])
{
    const char *slash = strrchr(file->path, '/');

    snprintf(name, NAME_SIZE, "%.*s", (int) (strlen(slash + 1) - 4), slash + 1);
}

/* ---- statements ---- */

static const char *
header_value(const char *line, const char *key)
{
    size_t size = strlen(key);

    while (*line == '-' || *line == ' ')
        line++;
    if (strncmp(line, key, size) != 0 || line[size] != ':')
        return NULL;
    line += size + 1;
    return line + strspn(line, " ");
}

/* "names", or several kinds of server/call/changes.def with spaces between. */
static void
parse_changes(Statement *statement, size_t line, const char *value, size_t size)
{
    static const char *const kinds[CHANGE_KINDS] = {
#define CHANGE(name, letter, what) [CHANGE_##name] = #name,
#include "call/changes.def"
#undef CHANGE
    };
    const char *end = value + size;

    while (value < end) {
        size_t length = 0;
        ChangeKind kind = 0;

        while (value + length < end && value[length] != ' ')
            length++;
        while (kind < CHANGE_KINDS &&
               (strlen(kinds[kind]) != length || strncasecmp(kinds[kind], value, length) != 0))
            kind++;
        if (kind == CHANGE_KINDS) {
            mistake(statement->file, line, "%.*s is not a kind of change of call/changes.def",
                    (int) length, value);
            return;
        }
        statement->changes |= CHANGE_BIT(kind);
        value += length;
        value += strspn(value, " ");
    }
}

static void
parse_rows(Statement *statement, size_t line, const char *value, size_t size)
{
    char text[NAME_SIZE];

    snprintf(text, sizeof text, "%.*s", (int) size, value);
    if (sscanf(text, "%7s into %127s", statement->rows, statement->into) < 1)
        statement->rows[0] = '\0';
    if (strcmp(statement->rows, "none") != 0 && strcmp(statement->rows, "one") != 0 &&
        strcmp(statement->rows, "many") != 0)
        mistake(statement->file, line, "rows must be one, many or none");
    if (strcmp(statement->rows, "many") == 0 && statement->into[0] == '\0')
        mistake(statement->file, line, "rows: many needs into and a field");
    if (strcmp(statement->rows, "none") == 0 && statement->into[0] != '\0')
        mistake(statement->file, line, "rows: none has no into");
}

/* Reads the comment lines at the top; returns where the statement starts. */
static const char *
parse_header(Statement *statement)
{
    const File *file = statement->file;
    const char *at = file->text;

    for (size_t line = 1;; line++) {
        const char *value;
        size_t size = strcspn(at, "\n");

        if (strncmp(at, "--", 2) != 0 && strspn(at, " \t") != size)
            break;
        if (size == 0 && *at == '\0')
            break;
        if ((value = header_value(at, "rows")) != NULL) {
            if (statement->rows[0] != '\0')
                mistake(file, line, "rows is said twice");
            parse_rows(statement, line, value, (size_t) (at + size - value));
        } else if ((value = header_value(at, "changes")) != NULL) {
            parse_changes(statement, line, value, (size_t) (at + size - value));
        } else if (strncmp(at, "--", 2) == 0) {
            size_t word = strspn(at + 2, " ") + 2;
            size_t letters = strspn(at + word, "abcdefghijklmnopqrstuvwxyz_");

            /* one lower-case word and a colon, and nothing but a header looks so */
            if (letters > 0 && at[word + letters] == ':' && letters < size - word)
                mistake(file, line, "unknown header %.*s", (int) letters, at + word);
        }
        at += size;
        if (*at == '\n')
            at++;
    }
    if (statement->rows[0] == '\0')
        mistake(file, 1, "the header line \"-- rows: one | many | none\" is missing");
    return at;
}

static bool
is_word(char c)
{
    return isalnum((unsigned char) c) || c == '_';
}

/* Where a quoted piece that starts at text ends; text + 0 if none starts there. */
static const char *
skip_quoted(const File *file, const char *text)
{
    const char *end;

    if (*text == '\'' || *text == '"') {
        for (end = text + 1; *end != '\0' && *end != *text; end++)
            if (*text == '\'' && *end == '\\' && text > file->text && text[-1] == 'E')
                end++;
        if (*end == '\0') {
            mistake(file, line_of(file, text), "a quote is not closed");
            return end;
        }
        return end + 1;
    }
    if (*text == '$' && (text[1] == '$' || isalpha((unsigned char) text[1]))) {
        size_t tag = strcspn(text + 1, "$") + 2;
        const char *at = text + tag;

        if (text[tag - 1] != '$')
            return text;
        for (; *at != '\0'; at++)
            if (strncmp(at, text, tag) == 0)
                return at + tag;
        mistake(file, line_of(file, text), "a dollar quote is not closed");
        return at;
    }
    return text;
}

static const char *
skip_comment(const File *file, const char *text)
{
    if (text[0] == '-' && text[1] == '-')
        return text + strcspn(text, "\n");
    if (text[0] == '/' && text[1] == '*') {
        const char *end = strstr(text + 2, "*/");

        if (end == NULL) {
            mistake(file, line_of(file, text), "a comment is not closed");
            return text + strlen(text);
        }
        return end + 2;
    }
    return text;
}

static size_t
parameter_index(Statement *statement, const char *name, size_t size, size_t line)
{
    static const char *const contexts[] = {
        "caller.id",       "caller.session_id", "caller.email",  "caller.kind",
        "caller.is_admin", "tenant.id",         "tenant.schema", "call.id",
        "call.method",     "call.origin",       "page.key",      "page.limit",
    };
    char *text = copy(name, size);
    bool known = true;

    for (size_t i = 0; i < statement->parameters_count; i++)
        if (strcmp(statement->parameters[i], text) == 0)
            return i;
    if (strncmp(text, "caller.", 7) == 0 || strncmp(text, "call.", 5) == 0 ||
        strncmp(text, "page.", 5) == 0) {
        known = false;
        for (size_t i = 0; i < sizeof contexts / sizeof *contexts; i++)
            known = known || strcmp(text, contexts[i]) == 0;
    }
    if (!known)
        mistake(statement->file, line, "no context is called :%s", text);
    if (statement->parameters_count == PARAMETERS_MAX) {
        mistake(statement->file, line, "more than %d parameters", PARAMETERS_MAX);
        return 0;
    }
    statement->parameters[statement->parameters_count] = text;
    return statement->parameters_count++;
}

static void
parse_statement(const File *file, const char *prefix)
{
    Statement *statement = &statements[statements_count++];
    char base[NAME_SIZE];

    statement->file = file;
    base_name(file, base);
    snprintf(statement->name, sizeof statement->name, "%.20s%.100s", prefix, base);

    const char *at = parse_header(statement);
    size_t room = file->size * 2 + PARAMETERS_MAX * 8 + 1;
    char *out = allocate(room);

    statement->text = out;
    while (*at != '\0') {
        const char *end = skip_comment(file, at);

        if (end != at) {
            at = end;
            continue;
        }
        end = skip_quoted(file, at);
        if (end != at) {
            memcpy(out, at, (size_t) (end - at));
            out += end - at;
            at = end;
            continue;
        }
        if (isspace((unsigned char) *at)) {
            at += strspn(at, " \t\r\n");
            if (out > statement->text && out[-1] != ' ')
                *out++ = ' ';
            continue;
        }
        if (at[0] == ':' && (at[1] == ':' || at[1] == '=')) {
            *out++ = *at++;
            *out++ = *at++;
            continue;
        }
        if (at[0] == ':' && (islower((unsigned char) at[1]) || at[1] == '_')) {
            size_t size = 0;

            while (is_word(at[1 + size]) || (at[1 + size] == '.' && is_word(at[2 + size])))
                size++;
            out += snprintf(out, room - (size_t) (out - statement->text), "$%zu",
                            parameter_index(statement, at + 1, size, line_of(file, at)) + 1);
            at += size + 1;
            continue;
        }
        if (*at == ';') {
            if (at[1 + strspn(at + 1, " \t\r\n")] != '\0')
                mistake(file, line_of(file, at), "a second statement; one file is one statement");
            at++;
            continue;
        }
        *out++ = *at++;
    }
    while (out > statement->text && out[-1] == ' ')
        *--out = '\0';
    if (statement->text[0] == '\0')
        mistake(file, 1, "no statement");
}

/* ---- writing ---- */

static void
write_string(FILE *out, const char *text)
{
    fputc('"', out);
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char) *text;

        if (c == '\n') {
            fputs(text[1] != '\0' ? "\\n\"\n    \"" : "\\n", out);
        } else if (c == '"' || c == '\\') {
            fprintf(out, "\\%c", c);
        } else if (c < 0x20 || c == '?' || c >= 0x7f) {
            fprintf(out, "\\%03o", c);
        } else {
            fputc(c, out);
        }
    }
    fputc('"', out);
}

static void
write_statement(FILE *out, const Statement *statement, size_t index)
{
    if (statement->parameters_count > 0) {
        fprintf(out, "static const char *const parameters_%zu[] = {", index);
        for (size_t i = 0; i < statement->parameters_count; i++)
            fprintf(out, "\"%s\", ", statement->parameters[i]);
        fputs("};\n", out);
    }
    fprintf(out,
            "const Query query_%s = {\n    .name = \"%s\",\n    .file = \"sql/%s\",\n    .text = ",
            statement->name, statement->name, statement->file->path);
    write_string(out, statement->text);
    fputs(",\n", out);
    if (statement->parameters_count > 0)
        fprintf(out, "    .parameters = parameters_%zu,\n    .parameters_count = %zu,\n", index,
                statement->parameters_count);
    if (statement->into[0] != '\0')
        fprintf(out, "    .into = \"%s\",\n", statement->into);
    fprintf(out, "    .index = %zu,\n    .rows = ROWS_%s,\n", index,
            strcmp(statement->rows, "one") == 0    ? "ONE"
            : strcmp(statement->rows, "many") == 0 ? "MANY"
                                                   : "NONE");
    fprintf(out, "    .changes = %uu,\n};\n\n", statement->changes);
}

static void
write_step(FILE *out, const MigrationFile *step)
{
    fprintf(out,
            "    {\n        .app = \"%s\",\n        .name = \"%s\",\n        .file = \"sql/%s\",\n",
            step->app, step->name, step->file);
    fputs("        .up = ", out);
    write_string(out, step->up);
    fputs(",\n        .down = ", out);
    write_string(out, step->down);
    fputs(",\n        .depends = (const char *const[]){", out);
    for (size_t i = 0; step->depends[i] != NULL; i++)
        fprintf(out, "\"%s\", ", step->depends[i]);
    fprintf(out, "NULL},\n        .checksum = \"%s\",\n        .number = %u,\n", step->checksum,
            step->number);
    fprintf(out, "        .up_line = %u,\n        .down_line = %u,\n", step->up_line,
            step->down_line);
    fprintf(out, "        .no_transaction = %s,\n    },\n",
            step->no_transaction ? "true" : "false");
}

static void
migration_mistake(void *argument, const char *file, size_t line, const char *text)
{
    (void) argument;
    fprintf(stderr, "sql/%s:%zu: %s\n", file, line, text);
    mistakes++;
}

static void
write_migrations(FILE *out, const char *folder)
{
    MigrationSet set;
    size_t prefix = strlen(folder) + 1;

    if (!migration_set_init(&set, NULL, 0, migration_mistake, NULL))
        die("cannot allocate", "memory");
    for (size_t i = 0; i < files_count; i++) {
        const char *app = files[i].path + prefix, *slash;
        char name[NAME_SIZE];

        if (strncmp(files[i].path, folder, prefix - 1) != 0 || app[-1] != '/')
            continue;
        slash = strchr(app, '/');
        if (slash == NULL) {
            mistake(&files[i], 1, "a migration must be in the folder of its app");
            continue;
        }
        snprintf(name, sizeof name, "%.*s", (int) (slash - app), app);
        if (!migration_set_add(&set, name, slash + 1, files[i].path, files[i].text, files[i].size))
            die("cannot allocate", "memory");
    }
    bool ok = migration_set_order(&set);

    fprintf(out, "const MigrationFile migrations_%s[] = {\n", folder);
    for (size_t i = 0; ok && i < set.count; i++)
        write_step(out, &set.files[i]);
    if (set.count == 0)
        fputs("    {0},\n", out);
    fprintf(out, "};\nconst size_t migrations_%s_count = %zu;\n\n", folder, set.count);
}

static void
write_queries(const char *directory)
{
    char path[PATH_SIZE * 2];

    snprintf(path, sizeof path, "%s/queries.h", directory);
    FILE *header = fopen(path, "w");

    if (header == NULL)
        die("cannot write", path);
    snprintf(path, sizeof path, "%s/queries.c", directory);
    FILE *source = fopen(path, "w");

    if (source == NULL)
        die("cannot write", path);
    fputs("/* Made by tools/embed_sql from sql/; do not edit.  */\n#ifndef CIQ_QUERIES_H\n"
          "#define CIQ_QUERIES_H\n\n#include \"db/query.h\"\n\n",
          header);
    fputs("/* Made by tools/embed_sql from sql/; do not edit.  */\n#include \"db/queries.h\"\n\n",
          source);

    for (size_t i = 0; i < statements_count; i++) {
        fprintf(header, "extern const Query query_%s;\n", statements[i].name);
        write_statement(source, &statements[i], i);
    }
    fputs("const Query *const queries[] = {\n", source);
    for (size_t i = 0; i < statements_count; i++)
        fprintf(source, "    &query_%s,\n", statements[i].name);
    fprintf(source, "    NULL,\n};\nconst size_t queries_count = %zu;\n\n", statements_count);

    for (size_t i = 0; i < files_count; i++) {
        char name[NAME_SIZE];

        if (strncmp(files[i].path, "script/", 7) != 0)
            continue;
        base_name(&files[i], name);
        fprintf(header, "extern const Script script_%s;\n", name);
        fprintf(source, "const Script script_%s = {\n    .name = \"%s\",\n    .text = ", name,
                name);
        write_string(source, files[i].text);
        fputs(",\n};\n\n", source);
    }
    write_migrations(source, "shared");
    write_migrations(source, "tenant");
    fputs("\n#endif\n", header);
    if (fclose(header) != 0 || fclose(source) != 0)
        die("cannot write", directory);
}

/* The program ends as soon as it has written, and frees nothing. */
const char *__asan_default_options(void);
const char *
__asan_default_options(void)
{
    return "detect_leaks=0";
}

int
main(int argc, char **argv)
{
    static const char *const folders[] = {"query", "rpc", "script", "shared", "tenant"};

    if (argc != 3) {
        fputs("usage: embed_sql SQL_DIRECTORY OUTPUT_DIRECTORY\n", stderr);
        return 2;
    }
    if (sodium_init() < 0)
        return 1;
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        read_folder(argv[1], folders[i]);
    for (size_t i = 0; i < files_count; i++) {
        if (strncmp(files[i].path, "query/", 6) == 0)
            parse_statement(&files[i], "");
        else if (strncmp(files[i].path, "rpc/", 4) == 0)
            parse_statement(&files[i], "rpc_");
    }
    for (size_t i = 0; i < statements_count; i++)
        for (size_t j = 0; j < i; j++)
            if (strcmp(statements[i].name, statements[j].name) == 0)
                mistake(statements[i].file, 1, "%s is the name of another statement too",
                        statements[i].name);
    write_queries(argv[2]);
    return mistakes == 0 ? 0 : 1;
}
