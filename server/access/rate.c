/* The generic cell rate algorithm (ITU-T I.371): one time per tenant, when its calls so far will
 * have been paid for.  Called by dispatch on every call of a tenant with a limit; holds one of many
 * short locks.  */
#include "access/rate.h"
#include "base/clock.h"
#include "base/limits.h"

#include <pthread.h>
#include <stdlib.h>

enum {
    PLACES =
        16384, /* tenants that are counted at once; of two at one place the newer starts afresh */
    BURST_US = 1000000 /* a second's calls may come at once */
};

typedef struct RatePlace {
    int64_t tenant_id, paid_us;
} RatePlace;

struct Rate {
    pthread_mutex_t stripes[LIMIT_STRIPES];
    RatePlace places[PLACES];
};

Rate *
rate_new(void)
{
    Rate *rate = calloc(1, sizeof *rate); /* pages that nobody touches cost no memory */

    for (size_t i = 0; rate != NULL && i < LIMIT_STRIPES; i++)
        pthread_mutex_init(&rate->stripes[i], NULL);
    return rate;
}

void
rate_free(Rate *rate)
{
    if (rate == NULL)
        return;
    for (size_t i = 0; i < LIMIT_STRIPES; i++)
        pthread_mutex_destroy(&rate->stripes[i]);
    free(rate);
}

uint32_t
rate_take(Rate *rate, int64_t tenant_id, uint32_t per_second)
{
    /* not hashed: the numbers are a sequence's and nobody's choice, and so two tenants share a
     * place, each starting the other's count afresh, only where there are more tenants than places
     */
    size_t index = (uint64_t) tenant_id % PLACES;
    RatePlace *place = &rate->places[index];
    int64_t now_us = clock_us(), over_us;

    pthread_mutex_lock(&rate->stripes[index % LIMIT_STRIPES]);
    if (place->tenant_id != tenant_id)
        *place = (RatePlace){.tenant_id = tenant_id};
    if (place->paid_us < now_us)
        place->paid_us = now_us;
    over_us = place->paid_us + 1000000 / per_second - now_us - BURST_US;
    if (over_us <= 0)
        place->paid_us += 1000000 / per_second;
    pthread_mutex_unlock(&rate->stripes[index % LIMIT_STRIPES]);
    return over_us <= 0 ? 0 : (uint32_t) (over_us / 1000 + 1);
}
