/* Reads, checks and orders migration files; see file.h.  Called by tools/embed_sql and apps.c.
 * What it is given may be anybody's text: every mistake is reported with file and line, and none
 * ends the program.  */
#include "migration/file.h"
#include "migration/checksum.h"
#include "migration/confine.h"
#include "migration/encoding.h"
#include "migration/statement.h"
#include "proto/utf8.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

void
migration_mistake(MigrationSet *set, const char *file, size_t line, const char *format, ...)
{
    char text[512];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    set->mistake(set->argument, file, line, text);
    set->mistakes++;
}

bool
migration_set_init(MigrationSet *set, const MigrationFile *files, size_t count,
                   MigrationMistake mistake_said, void *argument)
{
    *set = (MigrationSet){.mistake = mistake_said, .argument = argument};
    set->files = calloc(MIGRATION_FILES_MAX, sizeof *set->files);
    if (set->files == NULL)
        return false;
    for (size_t i = 0; i < count; i++)
        set->files[i] = files[i];
    set->count = set->borrowed = count;
    return true;
}

static void
forget(const void *memory)
{
    free((void *) (uintptr_t) memory);
}

static void
free_file(const MigrationFile *file)
{
    for (size_t i = 0; file->depends != NULL && file->depends[i] != NULL; i++)
        forget(file->depends[i]);
    forget(file->depends);
    forget(file->app);
    forget(file->name);
    forget(file->file);
    forget(file->up);
    forget(file->down);
    forget(file->checksum);
    for (size_t i = 0; file->former != NULL && file->former[i] != NULL; i++)
        forget(file->former[i]);
    forget(file->former);
}

void
migration_set_free(MigrationSet *set)
{
    for (size_t i = set->borrowed; set->files != NULL && i < set->count; i++)
        free_file(&set->files[i]);
    free(set->files);
    *set = (MigrationSet){0};
}

/* ---- one file ---- */

/* What stands on a line of the form "-- <words>", without the spaces around it; *size 0: it is
 * another line. */
static const char *
comment_words(const char *line, size_t *size)
{
    size_t all = strcspn(line, "\r\n");

    *size = 0;
    if (strncmp(line, "--", 2) != 0)
        return line;
    line += 2;
    all -= 2;
    while (all > 0 && *line == ' ') {
        line++;
        all--;
    }
    while (all > 0 && line[all - 1] == ' ')
        all--;
    *size = all;
    return line;
}

static bool
is_marker(const char *line, const char *words)
{
    size_t size;
    const char *found = comment_words(line, &size);

    return size == strlen(words) && memcmp(found, words, size) == 0;
}

/* What follows "-- depends:"; NULL: the line is another one. */
static const char *
depends_value(const char *line)
{
    if (strncmp(line, "--", 2) != 0)
        return NULL;
    line += strspn(line, "- ");
    if (strncmp(line, "depends:", 8) != 0)
        return NULL;
    return line + 8 + strspn(line + 8, " ");
}

typedef struct Sections {
    const char *up, *up_end, *down;
    size_t up_line, down_line;
    char **depends; /* room for all, ended by NULL */
    bool no_transaction;
} Sections;

static bool
add_depends(MigrationSet *set, const char *file, size_t line, const char *value, Sections *sections)
{
    size_t count = 0;

    while (sections->depends[count] != NULL)
        count++;
    if (count == MIGRATION_DEPENDS_MAX) {
        migration_mistake(set, file, line, "a migration may depend on at most %d others",
                          MIGRATION_DEPENDS_MAX);
        return true;
    }
    sections->depends[count] = strndup(value, strcspn(value, " \r\n"));
    return sections->depends[count] != NULL;
}

/* Behind the comment that begins on this line, and the rest of the line where it ends, if that is
 * empty; the line itself if none begins. */
static const char *
skip_block_comment(const char *text, const char *line)
{
    const char *at = line + strspn(line, " \t");

    if (at[0] != '/' || at[1] != '*')
        return line;
    at = statement_skip(text, at);
    at += strspn(at, " \t\r");
    return at + (*at == '\n');
}

static const char up_without[] = "migrate:up transaction:false"; /* as dbmate has it */

/* One line of the file, with what comes behind it from next on.  False: no memory. */
static bool
read_line(MigrationSet *set, const char *file, size_t line, const char *at, const char *next,
          Sections *sections)
{
    const char *word = at + strspn(at, " \t\r"), *value;

    if (is_marker(at, "migrate:up") || is_marker(at, up_without)) {
        if (sections->up != NULL)
            migration_mistake(set, file, line, "-- migrate:up must stand once");
        sections->no_transaction = sections->no_transaction || is_marker(at, up_without);
        sections->up = next;
        sections->up_line = line + 1;
    } else if (is_marker(at, "migrate:down")) {
        if (sections->up == NULL || sections->down != NULL)
            migration_mistake(set, file, line,
                              "-- migrate:down must stand once, after -- migrate:up");
        sections->up_end = at;
        sections->down = next;
        sections->down_line = line + 1;
    } else if (is_marker(at, "no-transaction")) {
        sections->no_transaction = true;
    } else if (sections->up == NULL && (value = depends_value(at)) != NULL) {
        return add_depends(set, file, line, value, sections);
    } else if (sections->up == NULL && strncmp(word, "--", 2) != 0 && *word != '\n' &&
               *word != '\0') {
        migration_mistake(set, file, line, "statements must stand below -- migrate:up");
    }
    return true;
}

static bool
find_sections(MigrationSet *set, const char *file, const char *text, Sections *sections)
{
    size_t line = 1;
    bool ok = true;

    for (const char *at = text, *next; *at != '\0' && ok; at = next) {
        next = sections->up == NULL ? skip_block_comment(text, at) : at;
        if (next == at) {
            next += strcspn(at, "\n");
            next += *next == '\n';
            ok = read_line(set, file, line, at, next, sections);
        }
        for (const char *c = at; c < next; c++)
            line += *c == '\n';
    }
    if (sections->up == NULL) {
        migration_mistake(set, file, 1, "the line \"-- migrate:up\" is missing");
        sections->up = text + strlen(text);
    } else if (sections->down == NULL) {
        migration_mistake(
            set, file, 1,
            "the line \"-- migrate:down\" is missing; with nothing below it the migration cannot be "
            "undone");
    }
    if (sections->up_end == NULL || sections->up_end < sections->up)
        sections->up_end = sections->up + strlen(sections->up);
    return ok;
}

/* The statement starts with these words, with any space between them. */
static bool
starts_with_words(const char *statement, size_t size, const char *words)
{
    const char *end = statement + size;

    while (*words != '\0') {
        size_t word = strcspn(words, " ");

        while (statement < end && isspace((unsigned char) *statement))
            statement++;
        if ((size_t) (end - statement) < word || strncasecmp(statement, words, word) != 0 ||
            isalnum((unsigned char) statement[word]) || statement[word] == '_')
            return false;
        statement += word;
        words += word + (words[word] == ' ');
    }
    return true;
}

/* As much of a statement as a message can name it by: of its first line. */
static int
shown_size(const SqlStatement *statement)
{
    enum { SHOWN_MAX = 60 };
    size_t size = strcspn(statement->start, "\r\n");

    if (size > statement->size)
        size = statement->size;
    return (int) (size > SHOWN_MAX ? utf8_cut(statement->start, SHOWN_MAX) : size);
}

/* False: no memory. */
static bool
check_confined(MigrationSet *set, const char *file, const char *text, size_t first_line)
{
    SqlSection section;
    bool ok = words_read(&section, text, first_line);

    for (size_t i = 0; i < section.count; i++) {
        const SqlStatement *statement = &section.statements[i];
        const char *wrong = confine_wrong(statement);
        size_t line = first_line;

        for (const char *c = text; c < statement->start; c++)
            line += *c == '\n';
        if (wrong != NULL)
            migration_mistake(set, file, line, "\"%.*s\" %s", shown_size(statement),
                              statement->start, wrong);
    }
    words_free(&section);
    return ok;
}

/* Outside a transaction a step may be interrupted and run again: only what then does no harm is
 * allowed, and what a new, empty schema can do in its one transaction without the word
 * concurrently. */
static void
check_no_transaction(MigrationSet *set, const char *file, const char *section, size_t line)
{
    static const char *const allowed[] = {"create index concurrently if not exists",
                                          "create unique index concurrently if not exists",
                                          "drop index concurrently if exists"};
    const char *at = section, *start;
    size_t size;

    while ((at = statement_next(at, &start, &size)) != NULL) {
        bool ok = false;

        for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++)
            ok = ok || starts_with_words(start, size, allowed[i]);
        for (const char *c = section; c < start; c++)
            line += *c == '\n';
        section = start;
        if (!ok)
            migration_mistake(
                set, file, line,
                "a -- no-transaction migration has only create [unique] index concurrently if not "
                "exists and drop index concurrently if exists: it may have to run twice");
    }
}

static void
check_name(MigrationSet *set, const char *file, const char *app, const char *name, uint32_t *number)
{
    size_t size = strlen(app);
    char *rest;

    if (size == 0 || size > MIGRATION_APP_MAX || !islower((unsigned char) app[0]) ||
        strspn(app, "abcdefghijklmnopqrstuvwxyz0123456789_") != size)
        migration_mistake(
            set, file, 1,
            "an app's name must be a lower-case letter, then lower-case letters, digits and "
            "underscores, at most %d in all",
            MIGRATION_APP_MAX);
    *number = (uint32_t) strtoul(name, &rest, 10);
    if (rest != name + 4 || *rest != '_' || *number == 0 || rest[1] == '\0' ||
        strspn(rest, "abcdefghijklmnopqrstuvwxyz0123456789_") != strlen(rest) ||
        strlen(name) > MIGRATION_NAME_MAX)
        migration_mistake(
            set, file, 1,
            "a migration's name must be four digits, an underscore and a word: 0001_initial");
}

/* The text with LF where it has CR LF; to be freed. */
static char *
without_returns(const char *text)
{
    char *copy = strdup(text), *end = copy;

    for (const char *c = text; copy != NULL && *c != '\0'; c++)
        if (c[0] != '\r' || c[1] != '\n')
            *end++ = *c;
    if (copy != NULL)
        *end = '\0';
    return copy;
}

/* What releases before version 2 wrote for it: for the file as it is, and with either end of
 * lines. */
static bool
add_checksums(MigrationFile *added, const char *text, size_t size, const char *lines)
{
    char checksum[MIGRATION_FORMER_MAX + 1][CHECKSUM_SIZE];
    const ChecksumParts parts = {added->depends, added->up, added->down, added->no_transaction};
    const char **former = calloc(MIGRATION_FORMER_MAX + 1, sizeof *former);

    added->former = former;
    if (former == NULL || !checksum_write(&parts, checksum[MIGRATION_FORMER_MAX]))
        return false;
    checksum_write_1(text, size, false, checksum[0]);
    checksum_write_1(lines, strlen(lines), false, checksum[1]);
    checksum_write_1(lines, strlen(lines), true, checksum[2]);
    for (size_t i = 0; i < MIGRATION_FORMER_MAX; i++) {
        former[i] = strdup(checksum[i]);
        if (former[i] == NULL)
            return false;
    }
    added->checksum = strdup(checksum[MIGRATION_FORMER_MAX]);
    return added->checksum != NULL;
}

bool
migration_set_add(MigrationSet *set, const char *app, const char *name, const char *file,
                  const char *text, size_t size)
{
    Sections sections = {.depends = calloc(MIGRATION_DEPENDS_MAX + 1, sizeof(char *))};
    MigrationFile added = {.depends = (const char *const *) sections.depends};
    const char *wrong;
    size_t line;
    char *lines = without_returns(text);

    if (set->count == MIGRATION_FILES_MAX) {
        migration_mistake(set, file, 1, "there may be at most %d migrations", MIGRATION_FILES_MAX);
        free(sections.depends);
        free(lines);
        return true;
    }
    added.app = strdup(app);
    added.name = strndup(name, strlen(name) - strlen(".sql"));
    added.file = strdup(file);
    wrong = encoding_wrong(text, size, &line);
    if (wrong != NULL) {
        migration_mistake(set, file, line, "%s", wrong);
        free_file(&added);
        free(lines);
        return true;
    }
    if (lines == NULL || sections.depends == NULL || added.app == NULL || added.name == NULL ||
        added.file == NULL ||
        !find_sections(set, file, lines + encoding_mark_size(lines), &sections))
        goto failed;
    check_name(set, file, app, added.name, &added.number);
    added.up = strndup(sections.up, (size_t) (sections.up_end - sections.up));
    added.down = strdup(sections.down != NULL ? sections.down : "");
    added.up_line = (uint32_t) sections.up_line;
    added.down_line = (uint32_t) sections.down_line;
    added.no_transaction = sections.no_transaction;
    if (added.up == NULL || added.down == NULL || !add_checksums(&added, text, size, lines) ||
        !check_confined(set, file, added.up, sections.up_line) ||
        !check_confined(set, file, added.down, sections.down_line))
        goto failed;
    if (added.no_transaction) {
        check_no_transaction(set, file, added.up, added.up_line);
        check_no_transaction(set, file, added.down, added.down_line);
    }
    set->files[set->count++] = added;
    free(lines);
    return true;
failed:
    free_file(&added);
    free(lines);
    return false;
}

/* ---- the set ---- */

static bool
is_named(const MigrationFile *file, const char *id)
{
    char text[MIGRATION_APP_MAX + 16];

    snprintf(text, sizeof text, "%s/%04u", file->app, file->number);
    return strcmp(text, id) == 0;
}

uint32_t
migration_newest_number(const MigrationSet *set, const char *app)
{
    uint32_t number = 0;

    for (size_t i = 0; i < set->count; i++)
        if (strcmp(set->files[i].app, app) == 0 && set->files[i].number > number)
            number = set->files[i].number;
    return number;
}

bool
migration_fits(const MigrationFile *file, const char *checksum)
{
    if (strcmp(file->checksum, checksum) == 0)
        return true;
    for (size_t i = 0; file->former[i] != NULL; i++)
        if (strcmp(file->former[i], checksum) == 0)
            return true;
    return false;
}

bool
migration_depends(const MigrationFile *later, const MigrationFile *earlier)
{
    if (strcmp(later->app, earlier->app) == 0)
        return earlier->number < later->number;
    /* core comes first: its tables hold the ledger */
    if (strcmp(earlier->app, "core") == 0)
        return true;
    for (size_t i = 0; later->depends[i] != NULL; i++)
        if (is_named(earlier, later->depends[i]))
            return true;
    return false;
}

static void
check_file(MigrationSet *set, size_t index)
{
    const MigrationFile *file = &set->files[index];
    uint32_t before = 0;

    for (size_t i = 0; i < set->count; i++) {
        const MigrationFile *other = &set->files[i];

        if (strcmp(file->app, other->app) != 0)
            continue;
        if (i < set->borrowed && index >= set->borrowed && other->number == 1)
            migration_mistake(set, file->file, 1, "the app %s is the server's own (%s)", file->app,
                              other->file);
        if (i < index && other->number == file->number)
            migration_mistake(set, file->file, 1, "number %04u is there twice: %s", file->number,
                              other->file);
        if (other->number < file->number && other->number > before)
            before = other->number;
    }
    if (file->number != before + 1)
        migration_mistake(set, file->file, 1, "number %04u is missing before it", before + 1);
    for (size_t d = 0; file->depends[d] != NULL; d++) {
        bool found = false, known = false;

        for (size_t i = 0; i < set->count; i++) {
            size_t size = strlen(set->files[i].app);

            found = found || is_named(&set->files[i], file->depends[d]);
            known = known || (strncmp(set->files[i].app, file->depends[d], size) == 0 &&
                              file->depends[d][size] == '/');
        }
        if (!found && (known || !set->partial))
            migration_mistake(set, file->file, 1, "it depends on %s, which does not exist",
                              file->depends[d]);
    }
}

/* The first file that stands after all that it depends on; count: none. */
static size_t
next_file(const MigrationSet *set, const bool *placed)
{
    for (size_t i = 0; i < set->count; i++) {
        bool met = !placed[i];

        for (size_t j = 0; j < set->count && met; j++)
            met = placed[j] || i == j || !migration_depends(&set->files[i], &set->files[j]);
        if (met)
            return i;
    }
    return set->count;
}

bool
migration_set_order(MigrationSet *set)
{
    MigrationFile *ordered = calloc(MIGRATION_FILES_MAX, sizeof *ordered);
    bool *placed = calloc(set->count + 1, sizeof *placed);
    size_t count = 0;

    for (size_t i = set->borrowed; i < set->count; i++)
        check_file(set, i);
    while (ordered != NULL && placed != NULL && set->mistakes == 0 && count < set->count) {
        size_t next = next_file(set, placed);

        if (next == set->count) {
            for (size_t i = 0; i < set->count; i++)
                if (!placed[i])
                    migration_mistake(set, set->files[i].file, 1,
                                      "its dependencies go round in a circle");
            break;
        }
        placed[next] = true;
        ordered[count++] = set->files[next];
    }

    bool ok = ordered != NULL && placed != NULL && set->mistakes == 0;

    free(placed);
    if (ok) {
        free(set->files);
        set->files = ordered;
    } else {
        free(ordered);
    }
    return ok;
}
