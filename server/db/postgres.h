/* The PostgreSQL that is installed on this machine: where its programs are, which user of the
 * operating system runs them, and running them.  For cluster.c.  */
#ifndef CIQ_SERVER_DB_POSTGRES_H
#define CIQ_SERVER_DB_POSTGRES_H

#include "base/compiler.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { POSTGRES_PATH_SIZE = 512 };

typedef struct Postgres {
    char bin[POSTGRES_PATH_SIZE]; /* the folder of its programs */
    char log[POSTGRES_PATH_SIZE]; /* what they print is appended there */
    char user[64];                /* the operating system's, that they run as */
    char server_user[64];         /* that this server runs as */
    uid_t uid;
    gid_t gid;
} Postgres;

/* Fills in the users: "postgres" or "nobody" where we are root, else our own.  False: reason says
 * why. */
MUST_CHECK bool postgres_find_user(Postgres *postgres, char *reason, size_t size);

/* Fills in bin: what pg_config says, or Debian's newest.  False: reason says why. */
MUST_CHECK bool postgres_find_programs(Postgres *postgres, char *reason, size_t size);

/* Starts a program (words, ended by NULL), which ends when this process does; input NULL: none. -1:
 * it cannot be started. */
MUST_CHECK pid_t postgres_spawn(const Postgres *postgres, const char *const *words,
                                const char *input);

/* The same, and waits for its end; a program that takes minutes, or still runs when the server is
 * to end, is killed.  False: it failed. */
MUST_CHECK bool postgres_run(const Postgres *postgres, const char *const *words, const char *input);

#endif
