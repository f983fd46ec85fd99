/* PgBouncer in transaction mode in front of a test's database: every transaction may get another
 * connection of its few.  */
#ifndef CIQ_TESTS_POOLER_H
#define CIQ_TESTS_POOLER_H

#include "harness/database.h"

#include <stdbool.h>
#include <sys/types.h>

typedef struct Pooler {
    char folder[64]; /* of its socket, settings and log */
    pid_t pid;
} Pooler;

/* Whether this machine has one: a suite that needs it skips its cases if not. */
bool pooler_is_installed(void);

/* Starts it with so many connections for each login of the database. */
void pooler_start(Pooler *pooler, const TestDatabase *database, int size);
void pooler_stop(Pooler *pooler);

/* The connection string that leads through it instead. */
void pooler_route(const Pooler *pooler, char conninfo[160]);

#endif
