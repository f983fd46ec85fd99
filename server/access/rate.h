/* How many calls a tenant may make in a second, counted by this server in memory.  */
#ifndef CIQ_SERVER_RATE_H
#define CIQ_SERVER_RATE_H

#include "base/compiler.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct Rate Rate;

/* The refusal's text, with the limit: one text, whoever finds out first. */
#define RATE_REFUSAL "too many calls: max_requests_per_second of the tenant is %" PRIu32

/* NULL: no memory. */
MUST_CHECK Rate *rate_new(void);
void rate_free(Rate *rate);

/* Counts one call of the tenant, of which per_second (not 0) are allowed, and so many at once.  0:
 * it may go on; otherwise it must not, and may try again after so many milliseconds. */
MUST_CHECK uint32_t rate_take(Rate *rate, int64_t tenant_id, uint32_t per_second);

#endif
