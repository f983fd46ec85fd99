/* How the server connects to PostgreSQL, whatever the connection is for: one list of libpq's
 * keywords.  For the files of db/ only.  */
#ifndef CIQ_SERVER_DB_CONNECT_H
#define CIQ_SERVER_DB_CONNECT_H

#include "base/compiler.h"

#include <libpq-fe.h>

typedef struct Connect {
    const char *conninfo;  /* libpq's */
    const char *user;      /* instead of conninfo's; NULL: as conninfo says */
    const char *name;      /* application_name, which pg_stat_activity shows */
    const char *timeout_s; /* of the attempt */
} Connect;

/* Waits for the connection, which the caller ends by PQfinish, also one that failed: PQstatus says
 * which it is.  NULL: no memory, which PQstatus takes for a failure, too. */
PGconn *connect_open(const Connect *connect);

#endif
