/* migration new and migration lint, which work on a folder of apps and need no server.  */
#include "client/cli/migration.h"
#include "client/cli/exit.h"
#include "client/cli/folder.h"
#include "client/cli/grammar.h"
#include "client/cli/options.h"
#include "client/cli/text.h"

#include "server/migration/folder.h"
#include "server/migration/lint.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATH_SIZE = 1024, NUMBER_MAX = 9999, ALLOWED_MAX = 1000 };

void
migration_help(FILE *out)
{
    fputs(
        "usage: ciq-client migration new APP NAME [--apps DIR] [--shared]\n"
        "       ciq-client migration lint DIR\n\n"
        "new writes the app's next numbered migration, with both sections, into DIR/tenant/APP (--shared:\n"
        "DIR/shared/APP).  Without --apps the folder is CIQ_APPS of the environment, or apps.\n\n"
        "lint finds what is risky in the migrations of DIR: long locks, tables without a primary key, what a tenant's\n"
        "schema must not hold, a down section that does not undo the up section.  Exit status 1: there are findings.\n"
        "To allow one, write the comment \"-- lint: allow RULE\" at its statement or, if the file was applied already\n"
        "and must not change, a line \"tenant/APP/0001_name RULE\" in DIR/lint.allow (* stands for any text).\n",
        out);
}

/* ---- new ---- */

/* An app begins with a letter, then come letters, digits and underscores, all in lower case; a
 * migration's name may begin with any of these. */
static void
check_word(const char *what, const char *word, size_t size_max, bool letter_first)
{
    size_t size = strlen(word);

    if (size == 0 || size > size_max || (letter_first && !islower((unsigned char) word[0])) ||
        strspn(word, "abcdefghijklmnopqrstuvwxyz0123456789_") != size)
        die_usage(
            "%s must be %slower-case letters, digits and underscores, at most %zu characters, got %s",
            what, letter_first ? "a lower-case letter, then " : "", size_max, word);
}

/* The number that follows the highest one of the folder.  Ends the program if the name exists
 * already. */
static unsigned
next_number(const char *folder, const char *name)
{
    DIR *directory = opendir(folder);
    struct dirent *entry;
    unsigned newest = 0;

    if (directory == NULL && errno == ENOENT)
        return 1;
    if (directory == NULL)
        die("cannot read %s: %s", folder, strerror(errno));
    while ((entry = readdir(directory)) != NULL) {
        char *rest;
        unsigned long number = strtoul(entry->d_name, &rest, 10);
        size_t size = strlen(rest);

        if (!isdigit((unsigned char) entry->d_name[0]) || *rest != '_' || size < 5 ||
            strcmp(rest + size - 4, ".sql") != 0)
            continue;
        if (number > newest && number <= NUMBER_MAX)
            newest = (unsigned) number;
        if (size - 5 == strlen(name) && memcmp(rest + 1, name, size - 5) == 0)
            die("%s/%s exists already", folder, entry->d_name);
    }
    closedir(directory);
    if (newest == NUMBER_MAX)
        die("%s has a migration %d already, the highest number there is", folder, NUMBER_MAX);
    return newest + 1;
}

/* Writes the two empty sections, under a comment made of the name: "add_phone" is "Add phone." */
static void
write_migration(const char *path, const char *name)
{
    int descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    FILE *stream = descriptor < 0 ? NULL : fdopen(descriptor, "w");
    bool is_first = true;

    if (stream == NULL)
        die("cannot make %s: %s", path, strerror(errno));
    fputs("-- ", stream);
    for (; *name != '\0'; name++, is_first = false)
        fputc(*name == '_' ? ' ' : is_first ? toupper((unsigned char) *name) : *name, stream);
    fputs(".\n-- migrate:up\n\n-- migrate:down\n", stream);
    if (ferror(stream) || fclose(stream) != 0)
        die("cannot write %s: %s", path, strerror(errno));
}

int
command_migration_new(Cli *cli)
{
    static const char *const flags[] = {"--shared", "--apps", NULL};
    const char *apps = getenv("CIQ_APPS"), *words[2] = {NULL, NULL};
    char folder[PATH_SIZE - 128], path[PATH_SIZE];
    bool shared = false;
    int count = 0;

    for (int i = 2; i < cli->words_count; i++) {
        const char *word = cli->words[i], *value;

        if (strcmp(word, "--shared") == 0)
            shared = true;
        else if ((value = options_value(cli->words_count, cli->words, &i, "--apps")) != NULL)
            apps = value;
        else if (word[0] == '-')
            options_die_unknown(word, flags);
        else if (count < 2)
            words[count++] = word;
        else
            die_usage("\"%s\" is one word too many for migration new", word);
    }
    if (count < 2)
        die_usage("migration new needs an app and a name: ciq-client migration new shop add_price");
    check_word("the app", words[0], MIGRATION_APP_MAX, true);
    check_word("the name", words[1], MIGRATION_NAME_MAX - strlen("0001_"), false);
    if (apps == NULL || apps[0] == '\0')
        apps = "apps";
    if (snprintf(folder, sizeof folder, "%s/%s/%s", apps, shared ? "shared" : "tenant", words[0]) >=
        (int) sizeof folder)
        die("the path of the app's folder is longer than the %zu bytes that are allowed",
            sizeof folder - 1);
    snprintf(path, sizeof path, "%s/%04u_%s.sql", folder, next_number(folder, words[1]), words[1]);
    folder_make(folder, 0777);
    write_migration(path, words[1]);
    printf("wrote %s\n", path);
    return 0;
}

/* ---- lint ---- */

typedef struct Linting {
    const Cli *cli;
    json_t *findings;
    const char *part;           /* "tenant" or "shared" */
    char *allowed[ALLOWED_MAX]; /* the lines of lint.allow */
    size_t allowed_count;
} Linting;

static void
lint_report(Linting *linting, const char *file, size_t line, const LintRule *rule,
            const char *detail)
{
    json_array_append_new(linting->findings,
                          json_pack("{s:s, s:I, s:s, s:s, s:s, s:s*}", "file", file, "line",
                                    (json_int_t) line, "rule", rule->name, "why", rule->why,
                                    "instead", rule->instead, "detail", detail));
    if (linting->cli->json)
        return;
    text_print(file, stdout);
    printf(":%zu: %s: ", line, rule->name);
    text_print(rule->why, stdout);
    if (detail != NULL) {
        fputs(": ", stdout);
        text_print(detail, stdout);
    }
    if (rule->instead[0] != '\0')
        printf("; better: %s", rule->instead);
    putchar('\n');
}

static void
lint_report_mistake(void *argument, const char *file, size_t line, const char *text)
{
    const LintRule rule = {.name = "file", .why = text, .instead = ""};

    lint_report(argument, file, line, &rule, NULL);
}

static void
lint_report_finding(void *argument, const MigrationFile *file, size_t line, const LintRule *rule,
                    const char *detail)
{
    Linting *linting = argument;
    char name[256];

    snprintf(name, sizeof name, "%s/%s/%s %s", linting->part, file->app, file->name, rule->name);
    for (size_t i = 0; i < linting->allowed_count; i++)
        if (fnmatch(linting->allowed[i], name, 0) == 0)
            return;
    lint_report(linting, file->file, line, rule, detail);
}

/* The lines are "tenant/APP/0001_name RULE", in which * stands for any text; # begins a comment. */
static void
read_allowed(Linting *linting, const char *directory)
{
    char path[PATH_SIZE], *line = NULL;
    size_t room = 0, size;
    FILE *stream;

    snprintf(path, sizeof path, "%.1000s/lint.allow", directory);
    stream = fopen(path, "r");
    if (stream == NULL && errno == ENOENT)
        return;
    if (stream == NULL)
        die("cannot read %s: %s", path, strerror(errno));
    while (getline(&line, &room, stream) >= 0) {
        line[strcspn(line, "#\n")] = '\0';
        for (size = strlen(line); size > 0 && isspace((unsigned char) line[size - 1]);)
            line[--size] = '\0';
        if (size == 0)
            continue;
        if (linting->allowed_count == ALLOWED_MAX)
            die("%s has more than the %d lines that are allowed", path, ALLOWED_MAX);
        linting->allowed[linting->allowed_count++] = strdup(line);
    }
    free(line);
    fclose(stream);
}

static void
lint_part(Linting *linting, const char *directory, const char *part)
{
    MigrationSet set;

    linting->part = part;
    if (!migration_set_init(&set, NULL, 0, lint_report_mistake, linting))
        die("no memory");
    set.partial = true; /* files may depend on the server's own apps, which are not here */
    if (!folder_read(&set, directory, part))
        die("no memory");
    (void) !migration_set_order(&set); /* it reports mistakes itself */
    for (size_t i = 0; i < set.count; i++)
        if (!lint_file(&set.files[i], strcmp(part, "tenant") == 0, grammar_takes,
                       lint_report_finding, linting))
            die("no memory");
    migration_set_free(&set);
}

int
command_migration_lint(Cli *cli)
{
    Linting linting = {.cli = cli, .findings = json_array()};
    const char *directory = cli->words_count == 3 ? cli->words[2] : NULL;
    size_t count;

    if (directory == NULL || directory[0] == '-')
        die_usage("migration lint needs a folder of apps: ciq-client migration lint apps");
    if (!folder_fits(directory))
        die("%s must have a folder shared or tenant in it, and in that a folder for each app",
            directory);
    read_allowed(&linting, directory);
    lint_part(&linting, directory, "shared");
    lint_part(&linting, directory, "tenant");
    count = json_array_size(linting.findings);
    if (cli->json)
        text_print_json(linting.findings, stdout);
    fflush(stdout);
    fprintf(stderr, "%zu finding%s\n", count, count == 1 ? "" : "s");
    for (size_t i = 0; i < linting.allowed_count; i++)
        free(linting.allowed[i]);
    json_decref(linting.findings);
    return count == 0 ? 0 : 1;
}
