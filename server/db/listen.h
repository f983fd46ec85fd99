/* The connection that hears what transactions of any server changed (call/changes.h), and notifies
 * itself to know that it has heard everything.  */
#ifndef CIQ_SERVER_LISTEN_H
#define CIQ_SERVER_LISTEN_H

#include "call/core.h"

typedef struct Listen Listen;

/* Starts the thread, which tells core->changes.  conninfo is libpq's, must outlive it, and lead to
 * PostgreSQL itself: a pooler gives no notifications.  NULL: no memory or no thread. */
MUST_CHECK Listen *listen_start(const Core *core, const char *conninfo);

/* NULL is fine. */
void listen_stop(Listen *listen);

#endif
