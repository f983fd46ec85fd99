/* The private PostgreSQL that runs when no database is named: made in the data directory at the
 * first start, supervised while the server runs, reachable only through a socket in a private
 * folder and only by peer authentication.  */
#ifndef CIQ_SERVER_CLUSTER_H
#define CIQ_SERVER_CLUSTER_H

#include "base/compiler.h"
#include "base/config.h"

#include <stdbool.h>
#include <stddef.h>

typedef struct Cluster Cluster;

/* Makes it if need be, starts it, and waits until it takes connections.  NULL: reason says why. */
MUST_CHECK Cluster *cluster_start(const Config *config, char *reason, size_t size);

/* The one that a running server has made and supervises, for a command beside it; cluster_stop then
 * stops nothing. NULL: no server uses the data directory, or reason says what is wrong (else it is
 * ""). */
MUST_CHECK Cluster *cluster_join(const Config *config, char *reason, size_t size);

/* Fast shutdown; whatever is still running is rolled back.  NULL is fine. */
void cluster_stop(Cluster *cluster);

/* libpq's connection string for a login of it, from malloc; NULL: no memory. */
MUST_CHECK char *cluster_conninfo(const Cluster *cluster, const char *login);

#endif
