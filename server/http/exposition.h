/* What the server counts, in the text format of Prometheus (0.0.4).  Nothing has a label with the
 * name of a tenant, a user or a host: there are as many lines as the program has methods and codes.
 */
#ifndef CIQ_SERVER_HTTP_EXPOSITION_H
#define CIQ_SERVER_HTTP_EXPOSITION_H

#include "call/metrics.h"
#include "serve/queue.h"

/* What is read when somebody asks. */
typedef struct ExpositionState {
    const Metrics *metrics;
    size_t waiting[LANE_COUNT], waiting_bytes[LANE_COUNT];
    size_t nng_connections, http_connections, database_connections;
    bool is_ready;
} ExpositionState;

/* From malloc; NULL: no memory. */
MUST_CHECK char *exposition_text(const ExpositionState *state);

#endif
