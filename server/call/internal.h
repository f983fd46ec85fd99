/* A Call for the server's own work: what start-up and jobs do is bounded, logged and failed like
 * everything else, but comes from no message.  */
#ifndef CIQ_SERVER_INTERNAL_H
#define CIQ_SERVER_INTERNAL_H

#include "call/call.h"
#include "base/log.h"

void internal_call(Call *call, Core *core, Arena *arena, Db *db, int64_t timeout_ms);

/* One line about how it failed. */
void internal_log(const Call *call, LogLevel level, const char *what);

#endif
