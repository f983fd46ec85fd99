/* Makes again what a tenant's schema lacks of what its migrations make.  Nothing is taken away, and
 * what is there in another way is only named.  */
#ifndef CIQ_SERVER_REPAIR_H
#define CIQ_SERVER_REPAIR_H

#include "base/limits.h"
#include "call/call.h"

/* What was made again or could not be, a line each; what does not fit is left out. */
typedef struct RepairReport {
    char *lines[LIMIT_REPEATED];
    size_t count;
} RepairReport;

/* One more line.  False: the call has failed. */
MUST_CHECK bool repair_report(Call *call, RepairReport *report, const char *what, const char *name);

/* Makes everything once more in a scratch schema and compares, within the open transaction, as the
 * owner.  What PostgreSQL refuses is in the report with its reason. */
MUST_CHECK bool repair_schema(Call *call, const char *schema, const char *role, const char *heads,
                              RepairReport *report);

#endif
