/* Reading secrets.  */
#include "secret.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

enum { SECRET_MAX = 1024 };

static char *
read_line(FILE *stream)
{
    char line[SECRET_MAX];
    char *secret = NULL;

    if (fgets(line, sizeof line, stream) != NULL) {
        line[strcspn(line, "\r\n")] = '\0';
        secret = strdup(line);
    }
    sodium_memzero(line, sizeof line);
    return secret;
}

static char *
ask(const char *prompt)
{
    struct termios before, silent;
    FILE *terminal = fopen("/dev/tty", "r+");
    char *secret;

    if (terminal == NULL)
        return NULL;
    fprintf(terminal, "%s: ", prompt);
    fflush(terminal);
    if (tcgetattr(fileno(terminal), &before) != 0) {
        fclose(terminal);
        return NULL;
    }
    silent = before;
    silent.c_lflag &= ~(tcflag_t) ECHO;
    tcsetattr(fileno(terminal), TCSAFLUSH, &silent);
    secret = read_line(terminal);
    tcsetattr(fileno(terminal), TCSAFLUSH, &before);
    fputc('\n', terminal);
    fclose(terminal);
    return secret;
}

char *
secret_get(const Cli *cli, const char *prompt, bool required)
{
    char *secret = NULL;

    if (cli->password_file != NULL) {
        FILE *file = fopen(cli->password_file, "r");

        if (file == NULL)
            die("cannot read %s: %s", cli->password_file, strerror(errno));
        secret = read_line(file);
        fclose(file);
        if (secret == NULL)
            die("%s is empty", cli->password_file);
        return secret;
    }
    if (cli->password_stdin) {
        secret = read_line(stdin);
        if (secret == NULL)
            die("no password on standard input");
        return secret;
    }
    if (!required && !cli->password_prompt)
        return NULL;
    secret = ask(prompt);
    if (secret == NULL)
        die_usage("no terminal to ask for the %s: use --password-stdin or --password-file FILE",
                  prompt);
    return secret;
}

char *
secret_random(void)
{
    enum { SIZE = 20 };
    static const char signs[] = "abcdefghjkmnpqrstuvwxyz23456789-";
    char *password = calloc(1, SIZE + 1);

    for (size_t i = 0; password != NULL && i < SIZE; i++)
        password[i] = signs[randombytes_uniform(sizeof signs - 1)];
    return password;
}
