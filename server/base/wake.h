/* A bell: anyone rings, one thread waits on it.  Times are the monotonic clock's, so that a
 * calendar that is set back stalls nothing.  */
#ifndef CIQ_SERVER_WAKE_H
#define CIQ_SERVER_WAKE_H

#include "base/compiler.h"

#include <stdbool.h>
#include <stdint.h>

enum { WAKE_FOR_EVER = -1 }; /* a wait that only ringing or stopping ends */

typedef struct Wake Wake;

/* NULL: no memory. */
MUST_CHECK Wake *wake_new(void);
void wake_free(Wake *wake);

/* There is something to do now.  From any thread; NULL is fine. */
void wake_ring(Wake *wake);

/* The thread that waits is to end; it stays so. */
void wake_stop(Wake *wake);

/* Returns when it was rung since the last wait, after so many milliseconds (or WAKE_FOR_EVER), or
 * when it was stopped.  False: it was stopped. */
MUST_CHECK bool wake_wait(Wake *wake, int64_t wait_ms);

#endif
