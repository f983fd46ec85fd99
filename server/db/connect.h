/* How the server connects to PostgreSQL, whatever the connection is for: one list of libpq's
 * keywords, and waits that end by the monotonic clock or when the server stops.  Nothing else may
 * wait for a connection or for a statement outside a call (tools/lint).  For the files of db/ only.
 */
#ifndef CIQ_SERVER_DB_CONNECT_H
#define CIQ_SERVER_DB_CONNECT_H

#include "base/compiler.h"

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct Connect {
    const char *conninfo; /* libpq's */
    const char *user;     /* instead of conninfo's; NULL: as conninfo says */
    const char *name;     /* application_name, which pg_stat_activity shows */
    int64_t step_ms;      /* what each step of the attempt may take: see CONNECT_STEPS_MAX */
    const int *stop_fd;   /* readable: give up at once; NULL: nothing says so */
    bool is_pooled;       /* the session is not ours alone: nothing is set in it */
} Connect;

/* A connection that never blocks, also not in PQfinish, by which the caller ends it.  NULL: reason
 * says why. */
MUST_CHECK PGconn *connect_open(const Connect *connect, char *reason, size_t size);

/* Sends a text of one or several statements and waits for all results, outside the pipeline.
 * *last, if last is not NULL, becomes the last of them, which the caller clears.  False: one of
 * them failed, or until_us has passed, or the server stops; the connection is of no use any more,
 * and reason says why. */
MUST_CHECK bool connect_run(PGconn *connection, const char *text, int64_t until_us,
                            const int *stop_fd, PGresult **last, char *reason, size_t size);

#endif
