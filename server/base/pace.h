/* A long computation that gives way to calls.  A low priority is not enough: a kernel looks at its
 * choice again at its next tick, 4 ms later at 250 Hz, and compares what runs in one service or
 * session with what runs in another, as PostgreSQL does, without asking for priorities within them.
 * Only a thread that sleeps leaves its core at once.  */
#ifndef CIQ_SERVER_PACE_H
#define CIQ_SERVER_PACE_H

#include <stdatomic.h>
#include <stdint.h>

/* From here to pace_end the calling thread rests for a moment after each PACE_WORK_US in which
 * calls came in: *last_call_us is when the last one did (clock_us).  Not nested.  The computation
 * must bear signals: no system call that SA_RESTART does not restart. */
void pace_begin(const _Atomic int64_t *last_call_us);

/* How often it has rested. */
unsigned pace_end(void);

#endif
