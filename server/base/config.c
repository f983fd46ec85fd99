/* Reads settings from options, environment and file, and shows them for --help, --check-config and
 * docs/settings.md.  Runs before any thread is started; errors are sentences on a stream.  */
#include "base/config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

typedef enum Kind { KIND_TEXT, KIND_NUMBER, KIND_CHOICE } Kind;

typedef struct Setting {
    const char *option; /* "data-dir" */
    const char *standard;
    const char *choices; /* "a|b" */
    const char *help;
    size_t offset; /* in Config */
    int64_t low, high;
    Kind kind;
} Setting;

static const Setting settings[] = {
#define SETTING_TEXT(field, name, value, text)                                                     \
    {.option = (name),                                                                             \
     .standard = (value),                                                                          \
     .help = (text),                                                                               \
     .offset = offsetof(Config, field),                                                            \
     .kind = KIND_TEXT},
#define SETTING_NUMBER(field, name, value, lowest, highest, text)                                  \
    {.option = (name),                                                                             \
     .standard = #value,                                                                           \
     .help = (text),                                                                               \
     .offset = offsetof(Config, field),                                                            \
     .low = (lowest),                                                                              \
     .high = (highest),                                                                            \
     .kind = KIND_NUMBER},
#define SETTING_CHOICE(field, name, value, words, text)                                            \
    {.option = (name),                                                                             \
     .standard = (value),                                                                          \
     .choices = (words),                                                                           \
     .help = (text),                                                                               \
     .offset = offsetof(Config, field),                                                            \
     .kind = KIND_CHOICE},
#include "base/config.def"
#undef SETTING_TEXT
#undef SETTING_NUMBER
#undef SETTING_CHOICE
};

enum { SETTINGS_COUNT = sizeof settings / sizeof *settings, LINE_MAX_SIZE = 4096 };

/* "data-dir" is CIQ_DATA_DIR in the environment. */
static void
environment_name(const Setting *setting, char *name, size_t size)
{
    snprintf(name, size, "CIQ_%s", setting->option);
    for (char *c = name + 4; *c != '\0'; c++)
        *c = *c == '-' ? '_' : (char) (*c - 'a' + 'A');
}

static const Setting *
find_setting(const char *option, size_t size)
{
    for (size_t i = 0; i < SETTINGS_COUNT; i++)
        if (strlen(settings[i].option) == size && memcmp(settings[i].option, option, size) == 0)
            return &settings[i];
    return NULL;
}

static bool
is_choice(const char *choices, const char *value)
{
    size_t size = strlen(value);

    for (;;) {
        size_t length = strcspn(choices, "|");

        if (length == size && memcmp(choices, value, size) == 0)
            return true;
        if (choices[length] == '\0')
            return false;
        choices += length + 1;
    }
}

static const char **
text_of(Config *config, const Setting *setting)
{
    return (const char **) (void *) ((char *) config + setting->offset);
}

/* from: where the value was found, for the error message. */
static bool
set(Config *config, const Setting *setting, const char *value, const char *from, FILE *errors)
{
    char *end;
    char *copy;

    switch (setting->kind) {
    case KIND_NUMBER:
        errno = 0;
        int64_t number = strtoll(value, &end, 10);

        if (value[0] == '\0' || *end != '\0' || errno != 0 || number < setting->low ||
            number > setting->high) {
            fprintf(errors, "%s must be a number from %" PRId64 " to %" PRId64 ", got \"%s\"\n",
                    from, setting->low, setting->high, value);
            return false;
        }
        *(int64_t *) (void *) ((char *) config + setting->offset) = number;
        return true;
    case KIND_CHOICE:
        if (!is_choice(setting->choices, value)) {
            fprintf(errors, "%s must be one of %s, got \"%s\"\n", from, setting->choices, value);
            return false;
        }
        break;
    case KIND_TEXT:
        break;
    }
    copy = strdup(value);
    if (copy == NULL) {
        fprintf(errors, "no memory for %s\n", from);
        return false;
    }
    free((void *) (uintptr_t) *text_of(config, setting));
    *text_of(config, setting) = copy;
    return true;
}

void
config_defaults(Config *config)
{
    *config = (Config){0};
    for (size_t i = 0; i < SETTINGS_COUNT; i++) {
        const Setting *setting = &settings[i];

        if (setting->kind == KIND_NUMBER)
            *(int64_t *) (void *) ((char *) config + setting->offset) =
                strtoll(setting->standard, NULL, 10);
        else
            *text_of(config, setting) = strdup(setting->standard);
    }
}

void
config_free(Config *config)
{
    for (size_t i = 0; i < SETTINGS_COUNT; i++)
        if (settings[i].kind != KIND_NUMBER) {
            free((void *) (uintptr_t) *text_of(config, &settings[i]));
            *text_of(config, &settings[i]) = NULL;
        }
}

/* Lines "name = value"; # starts a comment line. */
static bool
load_file(Config *config, const char *path, FILE *errors)
{
    char line[LINE_MAX_SIZE], from[LINE_MAX_SIZE + 32];
    FILE *file = fopen(path, "r");
    bool ok = true;

    if (file == NULL) {
        fprintf(errors, "cannot read the configuration file %s: %s\n", path, strerror(errno));
        return false;
    }
    for (int number = 1; ok && fgets(line, sizeof line, file) != NULL; number++) {
        char *name = line + strspn(line, " \t"), *equals = strchr(name, '=');
        size_t size = equals == NULL ? 0 : (size_t) (equals - name);

        name[strcspn(name, "\r\n")] = '\0';
        if (*name == '#' || *name == '\0')
            continue;
        while (size > 0 && strchr(" \t", name[size - 1]) != NULL)
            size--;

        const Setting *setting = find_setting(name, size);

        snprintf(from, sizeof from, "%s:%d: %.*s", path, number, (int) size, name);
        if (equals == NULL || setting == NULL) {
            fprintf(errors, "%s:%d: \"%s\" is not a setting; lines are \"name = value\"\n", path,
                    number, name);
            ok = false;
            break;
        }

        char *value = equals + 1 + strspn(equals + 1, " \t");
        size_t length = strlen(value);

        while (length > 0 && strchr(" \t", value[length - 1]) != NULL)
            value[--length] = '\0';
        ok = set(config, setting, value, from, errors);
    }
    fclose(file);
    return ok;
}

static bool
load_environment(Config *config, FILE *errors)
{
    for (size_t i = 0; i < SETTINGS_COUNT; i++) {
        char name[64];
        const char *value;

        environment_name(&settings[i], name, sizeof name);
        value = getenv(name);
        if (value != NULL && !set(config, &settings[i], value, name, errors))
            return false;
    }
    return true;
}

static bool
load_options(Config *config, int argc, char **argv, FILE *errors)
{
    for (int i = 1; i < argc; i++) {
        const char *name = argv[i], *equals = strchr(name, '='), *value;
        size_t size = equals == NULL ? strlen(name) : (size_t) (equals - name);
        char from[64];
        bool is_config;

        if (strncmp(name, "--", 2) != 0) {
            fprintf(errors, "\"%s\" is not an option; see --help\n", name);
            return false;
        }

        const Setting *setting = find_setting(name + 2, size - 2);

        is_config = size == 8 && memcmp(name, "--config", 8) == 0;
        if (setting == NULL && !is_config) {
            fprintf(errors, "%.*s is not an option; see --help\n", (int) size, name);
            return false;
        }
        value = equals != NULL ? equals + 1 : i + 1 < argc ? argv[++i] : NULL;
        if (value == NULL) {
            fprintf(errors, "%s needs a value\n", name);
            return false;
        }
        snprintf(from, sizeof from, "%.*s", (int) size, name);
        if (!is_config && !set(config, setting, value, from, errors))
            return false;
    }
    return true;
}

/* The configuration file is read first, so that options can override it. */
static const char *
file_named(int argc, char **argv)
{
    const char *path = getenv("CIQ_CONFIG");

    for (int i = 1; i < argc; i++) {
        if (strncmp(argv[i], "--config=", 9) == 0)
            path = argv[i] + 9;
        else if (strcmp(argv[i], "--config") == 0 && i + 1 < argc)
            path = argv[i + 1];
    }
    return path;
}

bool
config_load(Config *config, int argc, char **argv, FILE *errors)
{
    const char *path = file_named(argc, argv);

    config_defaults(config);
    if ((path == NULL || path[0] == '\0' || load_file(config, path, errors)) &&
        load_environment(config, errors) && load_options(config, argc, argv, errors)) {
        if ((config->database[0] != '\0') == (config->database_owner[0] != '\0'))
            return true;
        fprintf(errors, "--database and --database-owner must be given together\n");
    }
    config_free(config);
    return false;
}

void
config_usage(FILE *out)
{
    fprintf(out, "  %-26s %s\n", "--config FILE",
            "file of lines \"name = value\" (environment: CIQ_CONFIG)");
    for (size_t i = 0; i < SETTINGS_COUNT; i++) {
        const Setting *setting = &settings[i];
        char name[64];

        snprintf(name, sizeof name, "--%s %s", setting->option,
                 setting->kind == KIND_NUMBER   ? "N"
                 : setting->kind == KIND_CHOICE ? setting->choices
                                                : "TEXT");
        fprintf(out, "  %-26s %s", name, setting->help);
        if (setting->standard[0] != '\0')
            fprintf(out, " (default: %s)", setting->standard);
        fputc('\n', out);
    }
}

/* A password in a connection string is not shown. */
static void
print_text(const char *text, FILE *out)
{
    const char *password = strstr(text, "password=");

    if (password == NULL && strstr(text, "://") != NULL && strchr(text, '@') != NULL) {
        fputs("(a URL with credentials)", out);
        return;
    }
    if (password == NULL) {
        fputs(text, out);
        return;
    }
    password += strlen("password=");
    fprintf(out, "%.*s***%s", (int) (password - text), text, password + strcspn(password, " "));
}

void
config_print(const Config *config, FILE *out)
{
    for (size_t i = 0; i < SETTINGS_COUNT; i++) {
        const char *at = (const char *) config + settings[i].offset;

        fprintf(out, "%s = ", settings[i].option);
        if (settings[i].kind == KIND_NUMBER)
            fprintf(out, "%" PRId64, *(const int64_t *) (const void *) at);
        else
            print_text(*(const char *const *) (const void *) at, out);
        fputc('\n', out);
    }
}

void
config_markdown(FILE *out)
{
    fputs(
        "# Settings of ciq-server\n\n"
        "Made from `server/base/config.def` by `ciq-server --help-markdown`. Each setting is an option, an\n"
        "environment variable, and a line `name = value` of the file that `--config` (or `CIQ_CONFIG`)\n"
        "names. Options override the environment, and the environment overrides the file.\n\n"
        "| option | environment | default | allowed | meaning |\n|---|---|---|---|---|\n",
        out);
    for (size_t i = 0; i < SETTINGS_COUNT; i++) {
        const Setting *setting = &settings[i];
        char name[64];

        environment_name(setting, name, sizeof name);
        fprintf(out, "| `--%s` | `%s` | %s%s%s | ", setting->option, name,
                setting->standard[0] != '\0' ? "`" : "", setting->standard,
                setting->standard[0] != '\0' ? "`" : "");
        if (setting->kind == KIND_NUMBER)
            fprintf(out, "%" PRId64 " to %" PRId64, setting->low, setting->high);
        for (const char *c = setting->choices; c != NULL && *c != '\0'; c++)
            fputs(*c == '|' ? ", " : (char[]){*c, '\0'}, out);
        fprintf(out, " | %s |\n", setting->help);
    }
}
