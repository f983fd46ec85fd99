/* Places are as many as threads that usually count at once; more threads share them.  */
#include "call/metrics.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

enum { PLACES = 32, LINE = 64 /* bytes that cores keep from each other */ };

const int64_t metrics_bounds_us[METRICS_BUCKETS] = {
    500, 1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000, 1000000, 2500000, 10000000};

typedef struct MethodCounts {
    _Atomic uint64_t codes[METRICS_CODES];
    _Atomic uint64_t buckets[METRICS_BUCKETS + 1];
    _Atomic uint64_t sum_us;
} MethodCounts;

typedef struct Place {
    _Alignas(LINE) _Atomic uint64_t counts[METRIC_COUNT];
    MethodCounts *methods;
} Place;

struct Metrics {
    size_t methods; /* and one more, for those that do not exist */
    _Atomic int64_t gauges[GAUGE_COUNT];
    Place places[PLACES];
};

Metrics *
metrics_new(size_t methods)
{
    size_t size = (sizeof(Metrics) + LINE - 1) / LINE * LINE;
    Metrics *metrics = aligned_alloc(LINE, size);
    bool ok = true;

    if (metrics == NULL)
        return NULL;
    *metrics = (Metrics){.methods = methods + 1};
    for (size_t i = 0; i < GAUGE_COUNT; i++)
        metrics->gauges[i] = -1;
    for (size_t i = 0; i < PLACES; i++)
        ok = (metrics->places[i].methods = calloc(methods + 1, sizeof(MethodCounts))) != NULL && ok;
    if (ok)
        return metrics;
    metrics_free(metrics);
    return NULL;
}

void
metrics_free(Metrics *metrics)
{
    if (metrics == NULL)
        return;
    for (size_t i = 0; i < PLACES; i++)
        free(metrics->places[i].methods);
    free(metrics);
}

static Place *
place_of(Metrics *metrics)
{
    static atomic_uint threads;
    static _Thread_local unsigned own; /* from 1; 0: it has none yet */

    if (own == 0)
        own = atomic_fetch_add_explicit(&threads, 1, memory_order_relaxed) % PLACES + 1;
    return &metrics->places[own - 1];
}

static void
count_up(_Atomic uint64_t *count, uint64_t more)
{
    atomic_fetch_add_explicit(count, more, memory_order_relaxed);
}

static uint64_t
look(const _Atomic uint64_t *count)
{
    return atomic_load_explicit(count, memory_order_relaxed);
}

void
metrics_add(Metrics *metrics, Metric metric)
{
    if (metrics != NULL)
        count_up(&place_of(metrics)->counts[metric], 1);
}

void
metrics_call(Metrics *metrics, size_t method, unsigned code, int64_t duration_us)
{
    size_t bucket = 0;
    MethodCounts *counts;

    if (metrics == NULL || method >= metrics->methods || code >= METRICS_CODES)
        return;
    counts = &place_of(metrics)->methods[method];
    while (bucket < METRICS_BUCKETS && duration_us > metrics_bounds_us[bucket])
        bucket++;
    count_up(&counts->codes[code], 1);
    count_up(&counts->buckets[bucket], 1);
    count_up(&counts->sum_us, duration_us > 0 ? (uint64_t) duration_us : 0);
}

void
metrics_set(Metrics *metrics, Gauge gauge, int64_t value)
{
    if (metrics != NULL)
        atomic_store_explicit(&metrics->gauges[gauge], value, memory_order_relaxed);
}

uint64_t
metrics_get(const Metrics *metrics, Metric metric)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < PLACES; i++)
        sum += look(&metrics->places[i].counts[metric]);
    return sum;
}

uint64_t
metrics_calls(const Metrics *metrics, size_t method, unsigned code)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < PLACES; i++)
        sum += look(&metrics->places[i].methods[method].codes[code]);
    return sum;
}

int64_t
metrics_gauge(const Metrics *metrics, Gauge gauge)
{
    return atomic_load_explicit(&metrics->gauges[gauge], memory_order_relaxed);
}

void
metrics_durations(const Metrics *metrics, size_t method, uint64_t counts[METRICS_BUCKETS + 1],
                  uint64_t *sum_us)
{
    uint64_t all = 0;

    *sum_us = 0;
    for (size_t bucket = 0; bucket <= METRICS_BUCKETS; bucket++) {
        for (size_t i = 0; i < PLACES; i++)
            all += look(&metrics->places[i].methods[method].buckets[bucket]);
        counts[bucket] = all;
    }
    for (size_t i = 0; i < PLACES; i++)
        *sum_us += look(&metrics->places[i].methods[method].sum_us);
}
