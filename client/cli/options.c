/* One table of options, for the command line, for help, and for the proposal if one is misspelt. */
#include "client/cli/options.h"
#include "client/cli/exit.h"
#include "client/cli/secret.h"
#include "client/cli/text.h"

#include <stdlib.h>
#include <string.h>

enum {
    OPTION_URL,
    OPTION_CA_FILE,
    OPTION_TENANT,
    OPTION_TOKEN_FILE,
    OPTION_OUTPUT,
    OPTION_ALL,
    OPTION_TIMEOUT,
    OPTION_PASSWORD,
    OPTION_PASSWORD_STDIN,
    OPTION_PASSWORD_FILE,
    OPTION_KEPT_PASSWORD,
    OPTION_EXPLAIN,
    OPTION_HELP,
    OPTION_VERSION,
    OPTIONS
};

typedef struct Option {
    const char *name, *value, *help; /* value NULL: it takes none */
} Option;

static const Option options[OPTIONS] = {
    [OPTION_URL] = {"--url", "URL[,URL]", "the server (environment: CIQ_URL)"},
    [OPTION_CA_FILE] = {"--ca-file", "FILE",
                        "the authorities to trust at tls+tcp:// (environment: CIQ_CA_FILE)"},
    [OPTION_TENANT] = {"--tenant", "TENANT", "a domain or a schema name (environment: CIQ_TENANT)"},
    [OPTION_TOKEN_FILE] = {"--token-file", "FILE",
                           "use the token in this file, instead of the one that login has kept"},
    [OPTION_OUTPUT] = {"--output", "table|json", "show answers as tables (the default) or as JSON"},
    [OPTION_ALL] = {"--all", NULL, "show all pages of a list"},
    [OPTION_TIMEOUT] = {"--timeout", "MS", "how many milliseconds to wait for an answer"},
    [OPTION_PASSWORD] = {"--password", NULL, "ask for a password also where it is optional"},
    [OPTION_PASSWORD_STDIN] = {"--password-stdin", NULL,
                               "read passwords from standard input, one per line"},
    [OPTION_PASSWORD_FILE] = {"--password-file", "FILE",
                              "read passwords from a file, one per line"},
    [OPTION_KEPT_PASSWORD] = {"--kept-password", NULL,
                              "sign in with the password that setup or seed has kept"},
    [OPTION_EXPLAIN] = {"--explain", NULL, "show the SQL statements that ran"},
    [OPTION_HELP] = {"--help", NULL, "show this text, or the flags of a command"},
    [OPTION_VERSION] = {"--version", NULL, "show the version of this program"},
};

void
options_help(FILE *out)
{
    for (size_t i = 0; i < OPTIONS; i++) {
        char words[64];

        snprintf(words, sizeof words, "%s%s%s", options[i].name,
                 options[i].value != NULL ? " " : "",
                 options[i].value != NULL ? options[i].value : "");
        fprintf(out, "  %-25s %s\n", words, options[i].help);
    }
}

/* ---- words ---- */

const char *
options_value(int count, char **words, int *i, const char *name)
{
    const char *word = words[*i];
    size_t size = strlen(name);

    if (strncmp(word, name, size) != 0)
        return NULL;
    if (word[size] == '=')
        return word + size + 1;
    if (word[size] != '\0')
        return NULL;
    if (*i + 1 == count)
        die_usage("%s needs a value", name);
    return words[++*i];
}

uint64_t
options_number(const char *text, uint64_t max)
{
    uint64_t number = 0;

    for (; *text >= '0' && *text <= '9' && number <= max / 10; text++)
        number = number * 10 + (uint64_t) (*text - '0');
    return *text == '\0' && number <= max ? number : 0;
}

void
options_die_unknown(const char *word, const char *const *own)
{
    size_t size = strcspn(word, "="), best = TEXT_NEAR_MAX + 1;
    const char *nearest = NULL;
    char name[96];

    snprintf(name, sizeof name, "%.*s", size < sizeof name ? (int) size : (int) sizeof name - 1,
             word);
    for (; own != NULL && *own != NULL; own++)
        if (text_distance(name, *own) < best) {
            nearest = *own;
            best = text_distance(name, nearest);
        }
    for (size_t i = 0; i < OPTIONS; i++)
        if (text_distance(name, options[i].name) < best) {
            nearest = options[i].name;
            best = text_distance(name, nearest);
        }
    if (nearest == NULL)
        die_usage("there is no option %s; --help shows all", name);
    die_usage("there is no option %s; did you mean %s?", name, nearest);
}

/* ---- the options of every command ---- */

static void
options_set(Cli *cli, size_t option, const char *value)
{
    switch (option) {
    case OPTION_URL:
        cli->url = value;
        return;
    case OPTION_CA_FILE:
        cli->ca_file = value;
        return;
    case OPTION_TENANT:
        cli->tenant = value;
        cli->tenant_is_environment = false;
        return;
    case OPTION_TOKEN_FILE:
        cli->token = secret_of_file(value);
        return;
    case OPTION_OUTPUT:
        if (strcmp(value, "json") != 0 && strcmp(value, "table") != 0)
            die_usage("--output must be table or json, got %s", value);
        cli->json = strcmp(value, "json") == 0;
        return;
    case OPTION_ALL:
        cli->all = true;
        return;
    case OPTION_TIMEOUT:
        cli->timeout_ms = (uint32_t) options_number(value, WIRE_TIMEOUT_MAX_MS);
        if (cli->timeout_ms == 0)
            die_usage("--timeout must be a number from 1 to %d (milliseconds), got %s",
                      WIRE_TIMEOUT_MAX_MS, value);
        return;
    case OPTION_PASSWORD:
        cli->password_prompt = true;
        return;
    case OPTION_PASSWORD_STDIN:
        cli->password_stdin = true;
        return;
    case OPTION_PASSWORD_FILE:
        cli->password_file = value;
        return;
    case OPTION_KEPT_PASSWORD:
        cli->password_kept = true;
        return;
    case OPTION_EXPLAIN:
        cli->explain = true;
        return;
    case OPTION_HELP:
        cli->help = true;
        return;
    case OPTION_VERSION:
        cli->version = true;
        return;
    }
}

bool
options_take(Cli *cli, int count, char **words, int *i)
{
    if (strcmp(words[*i], "-h") == 0) {
        cli->help = true;
        return true;
    }
    for (size_t option = 0; option < OPTIONS; option++) {
        const char *value = NULL;

        if (options[option].value != NULL)
            value = options_value(count, words, i, options[option].name);
        if (value == NULL && strcmp(words[*i], options[option].name) != 0)
            continue;
        options_set(cli, option, value);
        return true;
    }
    return false;
}
