/* ciq-server create-superuser, for main.c: reads a password and makes the first owner of the
 * platform.  A password never comes from the command line, where everybody on the machine would see
 * it.  */
#include "command.h"
#include "base/secret.h"
#include "base/config.h"
#include "base/log.h"
#include "server.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

typedef struct Options {
    const char *email, *password_file;
    bool password_stdin;
} Options;

static int
usage(const char *what)
{
    fprintf(stderr,
            "ciq-server: %s\n"
            "usage: ciq-server create-superuser --email ADDRESS [--password-stdin | "
            "--password-file FILE]\n",
            what);
    return 2;
}

const char *
command_take_value(int *argc, char **argv, const char *name)
{
    size_t size = strlen(name);

    for (int i = 1; i < *argc; i++) {
        const char *value = NULL;
        int words = 1;

        assert(argv[i] != NULL);
        if (strncmp(argv[i], name, size) == 0 && argv[i][size] == '=')
            value = argv[i] + size + 1;
        else if (strcmp(argv[i], name) == 0 && i + 1 < *argc) {
            value = argv[i + 1];
            words = 2;
        }
        if (value == NULL)
            continue;
        memmove(&argv[i], &argv[i + words], (size_t) (*argc - i - words) * sizeof *argv);
        *argc -= words;
        return value;
    }
    return NULL;
}

bool
command_take_word(int *argc, char **argv, const char *word)
{
    for (int i = 1; i < *argc; i++)
        if (strcmp(argv[i], word) == 0) {
            memmove(&argv[i], &argv[i + 1], (size_t) (*argc - i - 1) * sizeof *argv);
            (*argc)--;
            return true;
        }
    return false;
}

bool
command_load_config(Config *config, int argc, char **argv)
{
    if (!config_load(config, argc, argv, stderr))
        return false;
    if (strcmp(config->core_dumps, "off") == 0)
        secret_hide_process();
    return true;
}

void
command_start_log(void)
{
    signal(SIGPIPE, SIG_IGN);
    /* only warnings and errors are logged; without a thread they are written at once */
    if (!log_start(LOG_LEVEL_WARNING))
        log_write(LOG_LEVEL_WARNING, "no thread for the log", "%s", "");
}

/* Without echo, and without signals meanwhile, so that an interrupt does not leave the terminal
 * without echo. */
static bool
ask(const char *prompt, char password[LIMIT_PASSWORD + 1], char *reason, size_t size)
{
    struct termios before, silent;
    int terminal = open("/dev/tty", O_RDWR | O_CLOEXEC);
    FILE *stream = terminal < 0 ? NULL : fdopen(terminal, "r+");
    bool ok;

    if (stream == NULL || tcgetattr(terminal, &before) != 0) {
        snprintf(reason, size,
                 "no terminal to ask for the password: use --password-stdin or "
                 "--password-file FILE");
        if (stream != NULL)
            fclose(stream);
        return false;
    }
    silent = before;
    silent.c_lflag &= ~(tcflag_t) (ECHO | ISIG);
    tcsetattr(terminal, TCSAFLUSH, &silent);
    dprintf(terminal, "%s: ", prompt);
    ok = secret_read_password(stream, "the terminal", password, reason, size);
    tcsetattr(terminal, TCSAFLUSH, &before);
    dprintf(terminal, "\n");
    fclose(stream);
    return ok;
}

static bool
read_password(const Options *options, char password[LIMIT_PASSWORD + 1], char *reason, size_t size)
{
    char again[LIMIT_PASSWORD + 1] = "";
    bool ok;

    if (options->password_stdin)
        return secret_read_password(stdin, "standard input", password, reason, size);
    if (options->password_file != NULL)
        return secret_read_password_file(options->password_file, password, reason, size);
    ok = ask("password", password, reason, size) && ask("repeat the password", again, reason, size);
    if (ok && strcmp(password, again) != 0) {
        snprintf(reason, size, "the two passwords are different");
        ok = false;
    }
    secret_wipe(again, sizeof again);
    return ok;
}

int
command_create_superuser(int argc, char **argv)
{
    Options options = {.password_stdin = command_take_word(&argc, argv, "--password-stdin")};
    char password[LIMIT_PASSWORD + 1], reason[1024] = "";
    Config config;
    bool ok;

    options.password_file = command_take_value(&argc, argv, "--password-file");
    options.email = command_take_value(&argc, argv, "--email");
    if (options.email == NULL)
        return usage("create-superuser needs --email ADDRESS");
    if (options.password_stdin && options.password_file != NULL)
        return usage("--password-stdin and --password-file cannot be used together");
    if (!command_load_config(&config, argc, argv))
        return 2;
    if (!read_password(&options, password, reason, sizeof reason)) {
        fprintf(stderr, "ciq-server: %s\n", reason);
        secret_wipe(password, sizeof password);
        config_free(&config);
        return 1;
    }
    command_start_log();
    ok = server_create_superuser(&config, options.email, password, reason, sizeof reason);
    secret_wipe(password, sizeof password);
    log_stop();
    if (ok)
        printf("superuser %s created: an owner of the platform\n", options.email);
    else
        fprintf(stderr, "ciq-server: %s\n", reason);
    if (!ok && config.database[0] == '\0')
        fputs("  while a server is running, use: ciq-client superuser create\n", stderr);
    config_free(&config);
    return ok ? 0 : 1;
}
