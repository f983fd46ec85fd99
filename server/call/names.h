/* The shapes of names: schemas, hosts, permissions.  Each function gives NULL if the text has the
 * shape; otherwise what is wrong and what is allowed, a constant text that follows
 * the field's name.  */
#ifndef CIQ_SERVER_NAMES_H
#define CIQ_SERVER_NAMES_H

#include "base/compiler.h"

/* A tenant's schema, without what PostgreSQL, SQL and this system keep for themselves. */
MUST_CHECK const char *names_schema_wrong(const char *text);

/* A host as host_normalise makes it: ASCII, without a port. */
MUST_CHECK const char *names_host_wrong(const char *text);

/* app.codename */
MUST_CHECK const char *names_permission_wrong(const char *text);

#endif
