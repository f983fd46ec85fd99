/* Which statements a connection has prepared for one tenant alone.  PostgreSQL analyses and plans a
 * prepared statement anew wherever search_path is not what it was, which is for each other tenant;
 * under a name of the tenant's own it keeps its plan.  Knows no connection: what is there is told.
 */
#ifndef CIQ_SERVER_DB_PLANS_H
#define CIQ_SERVER_DB_PLANS_H

#include "base/compiler.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct Plans Plans;

enum { PLANS_MAX = 65535 };

/* One name, which serves one statement of one tenant after the other. */
typedef struct Plan {
    bool is_there; /* the connection has a statement of this name */
    bool is_right; /* and it is the one that was asked for */
    /* plans.c's */
    unsigned query;
    int64_t tenant;
    uint16_t number, older, newer, next;
} Plan;

/* For max names, 1 to PLANS_MAX.  NULL: no memory. */
MUST_CHECK Plans *plans_new(size_t max);
void plans_free(Plans *plans); /* NULL is fine */

/* The connection is a new one, and has none of them. */
void plans_forget(Plans *plans);

/* The name of its own for a statement of a tenant, which is the last used from now on.  From the
 * second use in recent time on: a statement that is not asked for again is not worth one.  NULL:
 * none yet.  Unless it is_right, the caller takes away what is_there, prepares it and says so. */
MUST_CHECK Plan *plans_take(Plans *plans, unsigned query, int64_t tenant);

enum { PLAN_NAME_SIZE = 8 };
void plan_name(const Plan *plan, char name[PLAN_NAME_SIZE]);

#endif
