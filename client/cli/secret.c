/* Reads passwords and tokens, and makes passwords.  Prints none of them.  */
#include "client/cli/secret.h"
#include "client/cli/exit.h"
#include "proto/password.h"
#include "proto/secret_line.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

enum { SECRET_MAX = 1024 }; /* bytes of a password or a token */

/* A copy of the secret in line, which is wiped; NULL: no line was read.  from names where it was
 * read, for messages. */
static char *
secret_copy(SecretLine result, char line[SECRET_MAX + 1], const char *from)
{
    char *secret = NULL;

    switch (result) {
    case SECRET_LINE_NONE:
        return NULL;
    case SECRET_LINE_TOO_LONG:
        die("%s: a password or token has more than the %d bytes that are allowed", from,
            SECRET_MAX);
    case SECRET_LINE_UNREADABLE:
        die("cannot read %s: %s", from, strerror(errno));
    case SECRET_LINE_READ:
        secret = strdup(line);
        sodium_memzero(line, SECRET_MAX + 1);
        if (secret == NULL)
            die("no memory");
    }
    return secret;
}

/* The next line of the stream; NULL: there is none. */
static char *
secret_read(FILE *stream, const char *from)
{
    char line[SECRET_MAX + 1];

    return secret_copy(secret_line_read(stream, line, sizeof line), line, from);
}

/* The terminal as it was, for a signal that ends the program. */
static struct termios terminal_before;
static int terminal = -1;

static void
leave_terminal(int number)
{
    tcsetattr(terminal, TCSAFLUSH, &terminal_before);
    signal(number, SIG_DFL);
    raise(number);
}

static char *
secret_ask(const char *prompt)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    struct sigaction action = {.sa_handler = leave_terminal}, before[4], stop_before;
    struct termios silent;
    char line[SECRET_MAX + 1];
    SecretLine result;
    FILE *stream;
    char *secret;

    terminal = open("/dev/tty", O_RDWR | O_CLOEXEC);
    stream = terminal < 0 ? NULL : fdopen(terminal, "r");
    if (stream == NULL || tcgetattr(terminal, &terminal_before) != 0)
        die_usage("no terminal to ask for the %s: use --password-stdin or --password-file FILE",
                  prompt);
    for (size_t i = 0; i < 4; i++)
        sigaction(signals[i], &action, &before[i]);
    sigaction(SIGTSTP, &(struct sigaction){.sa_handler = SIG_IGN}, &stop_before);
    silent = terminal_before;
    silent.c_lflag &= ~(tcflag_t) ECHO;
    tcsetattr(terminal, TCSAFLUSH, &silent);
    dprintf(terminal, "%s: ", prompt);
    result = secret_line_read(stream, line, sizeof line);
    dprintf(terminal, "\n");
    tcsetattr(terminal, TCSAFLUSH, &terminal_before);
    for (size_t i = 0; i < 4; i++)
        sigaction(signals[i], &before[i], NULL);
    sigaction(SIGTSTP, &stop_before, NULL);
    secret = secret_copy(result, line, "/dev/tty"); /* not before: it may end the program */
    fclose(stream);
    if (secret == NULL)
        die("no %s was given", prompt);
    return secret;
}

char *
secret_of_file(const char *path)
{
    char line[SECRET_MAX + 1];
    char *secret = secret_copy(secret_line_of_file(path, line, sizeof line), line, path);

    if (secret == NULL || secret[0] == '\0')
        die("the first line of %s is empty", path);
    return secret;
}

/* The next line of the file: a command that needs an old and a new password calls this twice. */
static char *
next_of_file(const char *path)
{
    static FILE *file;
    char *secret;

    if (file == NULL && (file = fopen(path, "re")) == NULL)
        die("cannot read %s: %s", path, strerror(errno));
    secret = secret_read(file, path);
    if (secret == NULL || secret[0] == '\0')
        die("%s has no line for another password", path);
    return secret;
}

char *
secret_get(const Cli *cli, const char *prompt, bool required)
{
    if (cli->password_file != NULL)
        return next_of_file(cli->password_file);
    if (cli->password_stdin) {
        char *secret = secret_read(stdin, "standard input");

        if (secret == NULL)
            die("no password on standard input");
        return secret;
    }
    return required || cli->password_prompt ? secret_ask(prompt) : NULL;
}

char *
secret_make_password(void)
{
    char *password = calloc(1, PASSWORD_RANDOM_LENGTH + 1);

    if (password == NULL || sodium_init() < 0)
        die("no memory");
    password_random(password);
    return password;
}
