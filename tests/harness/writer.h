/* Somebody who writes to a tenant all the time, for tests of what copies one: the copy is of one
 * moment, and nobody who writes is kept out.  */
#ifndef CIQ_TESTS_WRITER_H
#define CIQ_TESTS_WRITER_H

#include "harness/harness.h"

#include <pthread.h>
#include <stdatomic.h>

typedef struct Writer {
    PGconn *connection;
    pthread_t thread;
    atomic_bool stop;
    atomic_int rounds, failures;
} Writer;

/* How many companies and contacts there are at least: as many of the one as of the other. */
enum { WRITER_PAIRS = 20000 };

/* Makes the tenant busy and fills it, and adds a company and a contact in one transaction, again
 * and again.  Returns when some have come. */
void writer_start(Writer *writer, World *world);

/* Fails the test if it could not write. */
void writer_stop(Writer *writer);

/* Fails the test unless the schema, a copy of busy, is of one moment. */
void assert_one_moment(const World *world, const char *schema);

#endif
