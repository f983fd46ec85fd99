/* Counts of what this server does, for whoever watches it.  A thread adds to a place that it shares
 * with few others, and who reads adds the places up: nobody waits for anybody.  Nothing is counted
 * by tenant.  */
#ifndef CIQ_SERVER_METRICS_H
#define CIQ_SERVER_METRICS_H

#include "base/compiler.h"

#include <stddef.h>
#include <stdint.h>

/* What only ever grows. */
typedef enum Metric {
    METRIC_STARTED, /* calls that dispatch has begun, and ended */
    METRIC_ENDED,
    METRIC_REFUSED_FULL, /* calls that no worker has seen: for want of room, or a tenant's limit */
    METRIC_REFUSED_STOPPING, /* since the server stops */
    METRIC_TENANT_HIT,       /* memory knew the tenant, */
    METRIC_TENANT_MISS,      /* or the database was asked */
    METRIC_SESSION_HIT,
    METRIC_SESSION_MISS,
    METRIC_FACTS_HIT,
    METRIC_FACTS_MISS,
    METRIC_ROUND_TRIPS, /* to PostgreSQL */
    METRIC_MAILS_SENT,
    METRIC_MAILS_FAILED, /* attempts */
    METRIC_HTTP_REQUESTS,
    METRIC_COUNT
} Metric;

/* What the database says of the platform, from time to time. */
typedef enum Gauge {
    GAUGE_PROVISIONING, /* tenants by state */
    GAUGE_ACTIVE,
    GAUGE_SUSPENDED,
    GAUGE_DELETED,
    GAUGE_PURGING,
    GAUGE_RUNS,    /* migration runs that run */
    GAUGE_SCHEMAS, /* that wait in them */
    GAUGE_MAILS,   /* of the platform's own outbox that wait */
    GAUGE_COUNT
} Gauge;

enum {
    METRICS_BUCKETS =
        12,            /* of a histogram of durations, without the last one, which has no bound */
    METRICS_CODES = 17 /* of clientiq.v1.Code */
};

/* Upper bounds of the buckets in microseconds. */
extern const int64_t metrics_bounds_us[METRICS_BUCKETS];

typedef struct Metrics Metrics;

/* methods: how many there are.  NULL: no memory. */
MUST_CHECK Metrics *metrics_new(size_t methods);
void metrics_free(Metrics *metrics); /* NULL is fine */

/* metrics may be NULL in all of these: then nothing is counted. */
void metrics_add(Metrics *metrics, Metric metric);

/* A call has ended.  method is its index; that of the number of methods: none that exists. */
void metrics_call(Metrics *metrics, size_t method, unsigned code, int64_t duration_us);

void metrics_set(Metrics *metrics, Gauge gauge, int64_t value);

/* ---- reading ---- */

uint64_t metrics_get(const Metrics *metrics, Metric metric);
uint64_t metrics_calls(const Metrics *metrics, size_t method, unsigned code);

/* -1: it is not known yet. */
int64_t metrics_gauge(const Metrics *metrics, Gauge gauge);

/* How many calls of a method took no longer than each bound, and at last all; and how long all of
 * them took. */
void metrics_durations(const Metrics *metrics, size_t method, uint64_t counts[METRICS_BUCKETS + 1],
                       uint64_t *sum_us);

#endif
