/* How many calls a tenant may make in a second, counted by this server in memory.  */
#ifndef CIQ_SERVER_RATE_H
#define CIQ_SERVER_RATE_H

#include "base/compiler.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct Rate Rate;

/* NULL: no memory. */
MUST_CHECK Rate *rate_new(void);
void rate_free(Rate *rate);

/* Counts one call of the tenant, of which per_second (not 0) are allowed, and so many at once.  0:
 * it may go on; otherwise it must not, and may try again after so many milliseconds. */
MUST_CHECK uint32_t rate_take(Rate *rate, int64_t tenant_id, uint32_t per_second);

#endif
