/* The end of a server's process, which must come: a thread waits for the signals that ask for it,
 * and if the process is still there some time later, says what it was doing and ends it.  One for
 * the process; without ending_start, as in tests, all of this does nothing.  */
#ifndef CIQ_SERVER_ENDING_H
#define CIQ_SERVER_ENDING_H

#include "base/compiler.h"

#include <stdbool.h>
#include <stdint.h>

/* The exit status of a process that was ended because its stop hung. */
enum { ENDING_STATUS = 3 };

/* Before any other thread, which all leave the signals to this one.  limit_ms: what the process may
 * take to end from the signal on.  False: there is no thread, and errno says why. */
MUST_CHECK bool ending_start(int64_t limit_ms);

/* Waits for SIGTERM or SIGINT. */
void ending_wait(void);

/* Whether one has come. */
bool ending_is_asked(void);

/* While a descriptor is set, the signal raises it (base/stop.h): for what must be interrupted
 * before there is anybody who waits for the signal.  -1: none. */
void ending_raises(int descriptor);

/* What the process does from here on, such as "stopping: jobs": what is said if that hangs.  A
 * constant. */
void ending_step(const char *what);

/* What is left for this step, if the process has been told to end: some of the time is kept for
 * saying so; else otherwise_ms. */
int64_t ending_left_ms(int64_t otherwise_ms);

#endif
