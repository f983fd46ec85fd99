/* Notices that this process did not run for a while: it was stopped, or its machine slept.  What is
 * read right after that may have been sent at any time while it lasted.  */
#ifndef CIQ_SERVER_PULSE_H
#define CIQ_SERVER_PULSE_H

#include "base/compiler.h"

#include <stdint.h>

typedef struct Pulse Pulse;

/* Starts a thread.  NULL: no memory or no thread. */
MUST_CHECK Pulse *pulse_start(void);

/* NULL is fine. */
void pulse_stop(Pulse *pulse);

/* How long before receive_us (of clock_boot_us) a message that was read then may have been sent,
 * because nobody was there to read it; 0: it was read at once.  NULL: 0. */
int64_t pulse_unread_us(const Pulse *pulse, int64_t receive_us);

#endif
