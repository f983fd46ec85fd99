/* ciq-client: takes the options that are every command's out of the arguments, and finds the
 * command.  */
#include "client/cli/command.h"
#include "client/cli/describe.h"
#include "client/cli/exit.h"
#include "client/cli/hosts.h"
#include "client/cli/migrate.h"
#include "client/cli/migration.h"
#include "client/cli/secret.h"
#include "client/cli/session.h"
#include "client/cli/setup.h"
#include "client/cli/state.h"
#include "client/cli/text.h"
#include "client/cli/watch.h"

#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A command that is not generated. */
typedef struct Composed {
    const char *words, *shown, *comment; /* shown NULL: with the one before */
    int (*run)(Cli *cli);
} Composed;

static int run_whoami(Cli *cli);

static const Composed composed[] = {
    {"list", "list", "all methods, with their commands", command_list},
    {"describe", "describe METHOD", "one method: who may call it, its fields and limits",
     command_describe},
    {"call", "call METHOD -d JSON", "any method, with JSON in and out (-d @FILE, -d @-)",
     command_call},
    {"login", "login EMAIL, logout", "sign in (on --tenant, or on the platform) and out",
     command_login},
    {"logout", NULL, NULL, command_logout},
    {"whoami", "whoami", "who is signed in, and what they may do", run_whoami},
    {"setup", "setup, seed", "make a superuser and the tenant ACME; make its users", command_setup},
    {"seed", NULL, NULL, command_seed},
    {"migrate", "migrate", "bring schemas to their newest migration, and show how far it is",
     command_migrate},
    {"migration run watch", "migration run watch ID", "Shows how far a run is, until it ends.",
     command_watch},
    {"migration new", "migration new APP NAME", "Writes the app's next numbered migration.",
     command_migration_new},
    {"migration lint", "migration lint DIR",
     "Says what the migrations of a folder of apps would hurt.", command_migration_lint},
    {"domain hosts", "domain hosts [ADDRESS]",
     "Prints the lines of /etc/hosts for development domains.", command_hosts},
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

/* The commands of more than one word, sorted; noun NULL: of all nouns.  How many there are. */
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
usage(FILE *out)
{
    fputs("usage: ciq-client [options] COMMAND [words] [flags]\n\n", out);
    for (size_t i = 0; i < COMPOSED; i++)
        if (composed[i].shown != NULL && strchr(composed[i].words, ' ') == NULL)
            fprintf(out, "  %-25s %s\n", composed[i].shown, composed[i].comment);
    fputc('\n', out);
    (void) print_commands(NULL, out);
    fputs(
        "\noptions, before or after the command:\n"
        "  --url URL[,URL]           the server (environment: CIQ_URL)\n"
        "  --tenant TENANT           a domain or a schema name (environment: CIQ_TENANT)\n"
        "  --token-file FILE         the session's token, instead of the one that login has kept\n"
        "  --output table|json       how data are shown\n"
        "  --all                     all pages of a list\n"
        "  --timeout MS              how long to wait for an answer\n"
        "  --password                ask for an optional password\n"
        "  --password-stdin          read passwords from standard input, a line each\n"
        "  --password-file FILE      read passwords from a file, a line each\n"
        "  --kept-password           the password that setup or seed has kept\n"
        "  --explain                 show the statements that ran\n"
        "  --help, --version\n\n"
        "COMMAND --help shows the flags of one; a noun with --help (tenant --help) all of its commands\n",
        out);
}

/* The value of an option "--name value" or "--name=value"; NULL: the word is another one. */
static const char *
option_value(int argc, char **argv, int *i, const char *name)
{
    size_t size = strlen(name);

    if (strncmp(argv[*i], name, size) != 0)
        return NULL;
    if (argv[*i][size] == '=')
        return argv[*i] + size + 1;
    if (argv[*i][size] != '\0')
        return NULL;
    if (*i + 1 == argc)
        die_usage("%s needs a value", name);
    return argv[++*i];
}

static void
set_timeout(Cli *cli, const char *value)
{
    char *end;
    unsigned long number = strtoul(value, &end, 10);

    if (value[0] == '\0' || *end != '\0' || number == 0 || number > WIRE_TIMEOUT_MAX_MS)
        die_usage("--timeout must be 1 to %d milliseconds, got %s", WIRE_TIMEOUT_MAX_MS, value);
    cli->timeout_ms = (uint32_t) number;
}

/* Behind "migrate" --tenant has another meaning and no value: the tenants' schemas. */
static bool
is_migrate_flag(const Cli *cli, const char *word)
{
    return cli->words_count > 0 && strcmp(cli->words[0], "migrate") == 0 &&
           strncmp(word, "--tenant", 8) == 0 && (word[8] == '\0' || word[8] == '=');
}

static bool
take_option(Cli *cli, int argc, char **argv, int *i)
{
    const char *value;

    if ((value = option_value(argc, argv, i, "--url")) != NULL)
        cli->url = value;
    else if ((value = option_value(argc, argv, i, "--tenant")) != NULL) {
        cli->tenant = value;
        cli->tenant_is_environment = false;
    } else if ((value = option_value(argc, argv, i, "--token-file")) != NULL)
        cli->token = secret_of_file(value);
    else if ((value = option_value(argc, argv, i, "--timeout")) != NULL)
        set_timeout(cli, value);
    else if ((value = option_value(argc, argv, i, "--password-file")) != NULL)
        cli->password_file = value;
    else if ((value = option_value(argc, argv, i, "--output")) != NULL) {
        if (strcmp(value, "json") != 0 && strcmp(value, "table") != 0)
            die_usage("--output must be table or json, got %s", value);
        cli->json = strcmp(value, "json") == 0;
    } else if (strcmp(argv[*i], "--password-stdin") == 0)
        cli->password_stdin = true;
    else if (strcmp(argv[*i], "--password") == 0)
        cli->password_prompt = true;
    else if (strcmp(argv[*i], "--kept-password") == 0)
        cli->password_kept = true;
    else if (strcmp(argv[*i], "--explain") == 0)
        cli->explain = true;
    else if (strcmp(argv[*i], "--all") == 0)
        cli->all = true;
    else if (strcmp(argv[*i], "--help") == 0 || strcmp(argv[*i], "-h") == 0)
        cli->help = true;
    else if (strcmp(argv[*i], "--version") == 0)
        cli->version = true;
    else
        return false;
    return true;
}

/* The first words of the command line, with spaces between them. */
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
        die_usage("whoami takes no words");
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
    size_t best_distance = 3;
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
        fprintf(stderr, "  is \"%s\" meant?\n", best);
    /* a noun without its verb, or with one that it has not */
    (void) print_commands(cli->words[0], stderr);
    fputs("  ciq-client --help shows all\n", stderr);
    exit(EXIT_USAGE);
}

static int
run(Cli *cli)
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
            usage(stdout);
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

int
main(int argc, char **argv)
{
    Cli cli = {.tenant = getenv("CIQ_TENANT")};
    char **words = calloc((size_t) argc + 1, sizeof *words);
    int status;

    setlocale(LC_CTYPE, "");
    if (words == NULL)
        die("no memory");
    cli.tenant_is_environment = true;
    if (cli.tenant != NULL && cli.tenant[0] == '\0')
        cli.tenant = NULL;
    cli.words = words;
    for (int i = 1; i < argc; i++)
        if (is_migrate_flag(&cli, argv[i]) || !take_option(&cli, argc, argv, &i))
            words[cli.words_count++] = argv[i];
    /* what is kept belongs to the server, however it was named */
    if (cli.url == NULL || cli.url[0] == '\0')
        cli.url = ciq_default_urls();
    if (cli.url == NULL)
        die("no memory");
    state_use_server(cli.url);
    if (cli.version) {
        puts("ciq-client " CIQ_VERSION);
        free(words);
        return 0;
    }
    if (cli.words_count > 0 && words[0][0] == '-')
        die_unknown_option(words[0], strcspn(words[0], "="), NULL);
    if (cli.words_count == 0) {
        usage(cli.help ? stdout : stderr);
        free(words);
        return cli.help ? 0 : EXIT_USAGE;
    }
    status = run(&cli);
    free(words);
    if (fflush(stdout) != 0)
        die("cannot write: %s", strerror(errno));
    return status;
}
