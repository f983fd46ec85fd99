/* Answers that wait a while before they are sent: what slows guessing, and clients of a server that
 * stops.  No thread waits, and only so many pauses run at a time.  */
#ifndef CIQ_SERVER_PAUSES_H
#define CIQ_SERVER_PAUSES_H

#include "base/compiler.h"

#include <stdbool.h>
#include <stdint.h>

enum { PAUSES_MAX = 256 }; /* any more answers are sent without delay */

typedef struct Pauses Pauses;

/* NULL: no memory. */
MUST_CHECK Pauses *pauses_new(void);

/* By then none may be begun; those that run are forgotten.  NULL is fine. */
void pauses_free(Pauses *pauses);

/* over(argument) is called on another thread after so many milliseconds, or when pauses are
 * cancelled.  False: there are too many, and it will not be called. */
MUST_CHECK bool pauses_begin(Pauses *pauses, uint32_t pause_ms, void (*over)(void *argument),
                             void *argument);

/* Ends all. */
void pauses_cancel(Pauses *pauses);

#endif
