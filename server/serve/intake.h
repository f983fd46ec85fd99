/* What happens with a message that came in, whichever transport brought it: it is answered from
 * memory, queued for a worker, or refused.  Counts the calls that were accepted, so that a stop can
 * wait for them.  Any thread may call, and only intake_drain waits.  */
#ifndef CIQ_SERVER_INTAKE_H
#define CIQ_SERVER_INTAKE_H

#include "serve/exchange.h"

typedef struct Intake Intake;

/* NULL: no memory. */
MUST_CHECK Intake *intake_new(Core *core, Queue *const queues[LANE_COUNT]);

/* By then no transport may call any more.  NULL is fine. */
void intake_free(Intake *intake);

/* One whole message.  The exchange is replied to or dropped, perhaps before this returns. */
void intake_receive(Intake *intake, Exchange *exchange);

/* So many exchanges that were accepted have got their replies, or never will. */
void intake_answered(Intake *intake, size_t count);

/* Refuses new calls with UNAVAILABLE from now on, and waits until those that were accepted are
 * answered, at most drain_ms. */
void intake_drain(Intake *intake, int64_t drain_ms);

#endif
