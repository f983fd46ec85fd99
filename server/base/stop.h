/* A descriptor that becomes readable, and stays so, when something is to stop: whoever waits polls
 * it beside what they wait for.  */
#ifndef CIQ_SERVER_STOP_H
#define CIQ_SERVER_STOP_H

#include "base/compiler.h"

/* -1: there is none left.  The caller closes it. */
MUST_CHECK int stop_new(void);

/* Makes it readable, from any thread; -1 is fine. */
void stop_raise(int descriptor);

#endif
