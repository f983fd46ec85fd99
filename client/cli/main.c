/* ciq-client: the table of the commands that no .proto file makes, help, and which command is run.
 */
#include "client/cli/command.h"
#include "client/cli/describe.h"
#include "client/cli/exit.h"
#include "client/cli/hosts.h"
#include "client/cli/migrate.h"
#include "client/cli/migration.h"
#include "client/cli/options.h"
#include "client/cli/session.h"
#include "client/cli/setup.h"
#include "client/cli/state.h"
#include "client/cli/text.h"
#include "client/cli/watch.h"
#include "proto/visible.h"

#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A command that no .proto file makes. */
typedef struct Composed {
    const char *words, *shown, *comment; /* shown NULL: the command before it shows both */
    int (*run)(Cli *cli);
} Composed;

static int run_whoami(Cli *cli);

static const Composed composed[] = {
    {"list", "list", "all methods, with their commands", command_list},
    {"describe", "describe METHOD", "one method: who may call it, its fields and limits",
     command_describe},
    {"call", "call METHOD -d JSON", "any method, with JSON in and out (-d @FILE, -d @-)",
     command_call},
    {"login", "login EMAIL, logout",
     "sign in to a tenant (--tenant) or to the platform, and out again", command_login},
    {"logout", NULL, NULL, command_logout},
    {"whoami", "whoami", "who is signed in, and what they may do", run_whoami},
    {"setup", "setup, seed", "make a superuser and the tenant ACME; make users of ACME",
     command_setup},
    {"seed", NULL, NULL, command_seed},
    {"migrate", "migrate", "bring schemas to their newest migration, and show the progress",
     command_migrate},
    {"migration run watch", "migration run watch ID",
     "Shows the progress of a migration run until it ends.", command_watch},
    {"migration new", "migration new APP NAME", "Writes the app's next numbered migration.",
     command_migration_new},
    {"migration lint", "migration lint DIR",
     "Finds what is risky in the migrations of a folder of apps.", command_migration_lint},
    {"domain hosts", "domain hosts [ADDRESS]",
     "Prints lines for /etc/hosts, for the development domains.", command_hosts},
};

enum { COMPOSED = sizeof composed / sizeof *composed };

/* One line of the help. */
typedef struct Line {
    const char *command, *comment;
} Line;

static int
compare_lines(const void *a, const void *b)
{
    return strcmp(((const Line *) a)->command, ((const Line *) b)->command);
}

/* The first sentence of a comment, as one line. */
static void
print_sentence(const char *comment, FILE *out)
{
    for (const char *c = comment; *c != '\0'; c++) {
        fputc(*c == '\n' ? ' ' : *c, out);
        if (*c == '.' && (c[1] == ' ' || c[1] == '\n'))
            break;
    }
    fputc('\n', out);
}

/* Prints the commands of more than one word, sorted; noun NULL: of all nouns.  Gives their number.
 */
static size_t
print_commands(const char *noun, FILE *out)
{
    size_t count = 0, size = noun == NULL ? 0 : strlen(noun);
    Line *lines = calloc(methods_count + COMPOSED, sizeof *lines);

    if (lines == NULL)
        die("no memory");
    for (size_t i = 0; i < methods_count + COMPOSED; i++) {
        bool is_composed = i >= methods_count;
        const char *words = is_composed ? composed[i - methods_count].words : methods[i].command;

        if (strchr(words, ' ') == NULL ||
            (noun != NULL && (strncmp(words, noun, size) != 0 || words[size] != ' ')))
            continue;
        lines[count++] = is_composed ? (Line){composed[i - methods_count].shown,
                                              composed[i - methods_count].comment}
                                     : (Line){methods[i].command, methods[i].comment};
    }
    qsort(lines, count, sizeof *lines, compare_lines);
    for (size_t i = 0; i < count; i++) {
        fprintf(out, "  %-25s ", lines[i].command);
        print_sentence(lines[i].comment, out);
    }
    free(lines);
    return count;
}

static void
print_usage(FILE *out)
{
    fputs("usage: ciq-client [options] COMMAND [words] [flags]\n\n", out);
    for (size_t i = 0; i < COMPOSED; i++)
        if (composed[i].shown != NULL && strchr(composed[i].words, ' ') == NULL)
            fprintf(out, "  %-25s %s\n", composed[i].shown, composed[i].comment);
    fputc('\n', out);
    (void) print_commands(NULL, out);
    fputs("\noptions, before or after the command:\n", out);
    options_help(out);
    fputs(
        "\nCOMMAND --help shows the flags of a command, NOUN --help (tenant --help) its commands\n",
        out);
}

/* After "migrate", --tenant means the tenants' schemas and takes no value. */
static bool
is_migrate_flag(const Cli *cli, const char *word)
{
    return cli->words_count > 0 && strcmp(cli->words[0], "migrate") == 0 &&
           strncmp(word, "--tenant", 8) == 0 && (word[8] == '\0' || word[8] == '=');
}

/* The first words of the command line, separated by spaces. */
static void
join_words(const Cli *cli, int count, char command[192])
{
    command[0] = '\0';
    for (int i = 0; i < count && i < cli->words_count; i++)
        snprintf(command + strlen(command), 64, "%s%.60s", i > 0 ? " " : "", cli->words[i]);
}

static const Method *
find_command(const Cli *cli)
{
    char command[192];

    for (int count = 3; count >= 2; count--) {
        join_words(cli, count, command);
        for (size_t i = 0; i < methods_count && cli->words_count >= count; i++)
            if (strcmp(methods[i].command, command) == 0)
                return &methods[i];
    }
    return NULL;
}

static int
run_whoami(Cli *cli)
{
    char *words[] = {(char *) (uintptr_t) "session", (char *) (uintptr_t) "whoami"};

    if (cli->words_count > 1)
        die_usage("whoami takes no other words");
    cli->words = words;
    cli->words_count = 2;
    return command_run(cli, find_command(cli));
}

static int
words_of(const char *command)
{
    int count = 1;

    for (; *command != '\0'; command++)
        count += *command == ' ';
    return count;
}

static noreturn void
die_unknown(const Cli *cli)
{
    size_t best_distance = TEXT_NEAR_MAX + 1;
    const char *best = NULL;
    char command[192];

    join_words(cli, 2, command);
    fprintf(stderr, "ciq-client: there is no command %s\n", command);
    for (size_t i = 0; i < methods_count + COMPOSED; i++) {
        bool is_composed = i >= methods_count;
        const char *other = is_composed ? composed[i - methods_count].words : methods[i].command;
        size_t distance;

        join_words(cli, words_of(other), command);
        distance = text_distance(command, other);

        if (distance < best_distance) {
            best = other;
            best_distance = distance;
        }
    }
    if (best != NULL)
        fprintf(stderr, "  did you mean \"%s\"?\n", best);
    /* the noun may be right, and only the verb missing or wrong */
    (void) print_commands(cli->words[0], stderr);
    fputs("  ciq-client --help shows all commands\n", stderr);
    exit(EXIT_USAGE);
}

static int
run_command(Cli *cli)
{
    const Method *method = find_command(cli);

    if (method != NULL && cli->help) {
        command_help(method, stdout);
        return 0;
    }
    if (cli->help && strcmp(cli->words[0], "migrate") == 0) {
        migrate_help(stdout);
        return 0;
    }
    if (cli->help && cli->words_count > 1 && strcmp(cli->words[0], "migration") == 0 &&
        (strcmp(cli->words[1], "new") == 0 || strcmp(cli->words[1], "lint") == 0)) {
        migration_help(stdout);
        return 0;
    }
    if (cli->help) {
        if (print_commands(cli->words[0], stdout) == 0)
            print_usage(stdout);
        return 0;
    }
    if (method != NULL && strcmp(method->rpc, "Login") == 0)
        die_usage("use ciq-client login EMAIL, which keeps the token");
    if (method != NULL && strncmp(method->command, "verify ", 7) == 0)
        return command_verify(cli, method);
    if (method != NULL)
        return command_run(cli, method);
    for (size_t i = 0; i < COMPOSED; i++) {
        char command[192];

        join_words(cli, words_of(composed[i].words), command);
        if (strcmp(composed[i].words, command) == 0)
            return composed[i].run(cli);
    }
    die_unknown(cli);
}

/* What was printed may be on a full disk, or a pipe whose reader has gone. */
static int
finish(int status)
{
    if (fflush(stdout) != 0)
        die("cannot write to standard output: %s", strerror(errno));
    return status;
}

int
main(int argc, char **argv)
{
    Cli cli = {.tenant = getenv("CIQ_TENANT")};
    char **words = calloc((size_t) argc + 1, sizeof *words);
    int status;

    setlocale(LC_CTYPE, "");
    if (!visible_guard() || words == NULL)
        die("no memory");
    cli.tenant_is_environment = true;
    if (cli.tenant != NULL && cli.tenant[0] == '\0')
        cli.tenant = NULL;
    cli.words = words;
    for (int i = 1; i < argc; i++)
        if (is_migrate_flag(&cli, argv[i]) || !options_take(&cli, argc, argv, &i))
            words[cli.words_count++] = argv[i];
    /* tokens and passwords are kept by server, so its URLs must be known first */
    if (cli.url == NULL || cli.url[0] == '\0')
        cli.url = ciq_default_urls();
    if (cli.url == NULL)
        die("no memory");
    state_use_server(cli.url);
    if (cli.version) {
        puts("ciq-client " CIQ_VERSION);
        free(words);
        return finish(0);
    }
    if (cli.words_count > 0 && words[0][0] == '-')
        options_die_unknown(words[0], NULL);
    if (cli.words_count == 0) {
        print_usage(cli.help ? stdout : stderr);
        free(words);
        return finish(cli.help ? 0 : EXIT_USAGE);
    }
    status = run_command(&cli);
    free(words);
    return finish(status);
}
