/* A request for every rpc that writes, for tests of what must hold for each of them; every_audit
 * names an rpc that has none.  Made for a world (world.h) in which nobody else has written.  */
#ifndef CIQ_TESTS_WRITES_H
#define CIQ_TESTS_WRITES_H

#include "harness/database.h"

#include <stdbool.h>
#include <stddef.h>

/* In this order, as acme's admin or as the local operator. */
typedef struct Write {
    const char *method;
    bool on_tenant;
    const char *request;
    const char *caller;  /* in the audit row: kind and number; NULL: whoever calls */
    const char *target;  /* in the audit row; may have a star */
    const char *prepare; /* SQL that is run first; %s: the hash of the link's secret */
} Write;

extern const Write writes[];
extern const size_t writes_count;

/* Runs the SQL that comes before it, if there is any. */
void write_prepare(const TestDatabase *database, const Write *write);

#endif
