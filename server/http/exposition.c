/* Names are those of Prometheus' conventions: units in base units and last, counters end with
 * _total.
 */
#include "http/exposition.h"
#include "proto/method.h"
#include "proto/wire.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

static const char *const lanes[LANE_COUNT] = {"calls", "passwords", "owner"};

static void
begin(FILE *out, const char *name, const char *type, const char *help)
{
    fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void
print_single(FILE *out, const char *name, const char *type, const char *help, uint64_t value)
{
    begin(out, name, type, help);
    fprintf(out, "%s %" PRIu64 "\n", name, value);
}

/* The label of a method; of those that do not exist there is one. */
static const char *
method_name(size_t index)
{
    return index < methods_count ? methods[index].name : "unknown";
}

/* ---- calls ---- */

static void
print_calls(FILE *out, const Metrics *metrics)
{
    begin(out, "clientiq_calls_total", "counter", "Calls that were answered, by method and code.");
    for (size_t method = 0; method <= methods_count; method++)
        for (unsigned code = 0; code < METRICS_CODES; code++) {
            uint64_t count = metrics_calls(metrics, method, code);

            if (count > 0)
                fprintf(out, "clientiq_calls_total{method=\"%s\",code=\"%s\"} %" PRIu64 "\n",
                        method_name(method), code_name((int) code), count);
        }
}

/* Of methods that were called. */
static void
print_durations(FILE *out, const Metrics *metrics)
{
    static const char name[] = "clientiq_call_duration_seconds";

    begin(out, name, "histogram", "From when a call was read until its answer was made.");
    for (size_t method = 0; method <= methods_count; method++) {
        uint64_t counts[METRICS_BUCKETS + 1], sum_us;

        metrics_durations(metrics, method, counts, &sum_us);
        if (counts[METRICS_BUCKETS] == 0)
            continue;
        for (size_t i = 0; i < METRICS_BUCKETS; i++)
            fprintf(out, "%s_bucket{method=\"%s\",le=\"%g\"} %" PRIu64 "\n", name,
                    method_name(method), (double) metrics_bounds_us[i] / 1e6, counts[i]);
        fprintf(out, "%s_bucket{method=\"%s\",le=\"+Inf\"} %" PRIu64 "\n", name,
                method_name(method), counts[METRICS_BUCKETS]);
        fprintf(out, "%s_sum{method=\"%s\"} %.6f\n", name, method_name(method),
                (double) sum_us / 1e6);
        fprintf(out, "%s_count{method=\"%s\"} %" PRIu64 "\n", name, method_name(method),
                counts[METRICS_BUCKETS]);
    }
}

static void
print_refused(FILE *out, const Metrics *metrics)
{
    static const char name[] = "clientiq_calls_refused_total";

    begin(out, name, "counter", "Calls that no worker has seen, by reason.");
    fprintf(out, "%s{reason=\"full\"} %" PRIu64 "\n", name,
            metrics_get(metrics, METRIC_REFUSED_FULL));
    fprintf(out, "%s{reason=\"stopping\"} %" PRIu64 "\n", name,
            metrics_get(metrics, METRIC_REFUSED_STOPPING));
}

static void
print_queue(FILE *out, const ExpositionState *state)
{
    begin(out, "clientiq_queue_calls", "gauge", "Calls that wait for a worker, by lane.");
    for (Lane lane = 0; lane < LANE_COUNT; lane++)
        fprintf(out, "clientiq_queue_calls{lane=\"%s\"} %zu\n", lanes[lane], state->waiting[lane]);
    begin(out, "clientiq_queue_bytes", "gauge", "Bytes of the calls that wait, by lane.");
    for (Lane lane = 0; lane < LANE_COUNT; lane++)
        fprintf(out, "clientiq_queue_bytes{lane=\"%s\"} %zu\n", lanes[lane],
                state->waiting_bytes[lane]);
}

/* ---- memory and the database ---- */

static void
print_caches(FILE *out, const Metrics *metrics)
{
    static const struct {
        const char *name;
        Metric hit, miss;
    } caches[] = {{"tenants", METRIC_TENANT_HIT, METRIC_TENANT_MISS},
                  {"sessions", METRIC_SESSION_HIT, METRIC_SESSION_MISS},
                  {"permissions", METRIC_FACTS_HIT, METRIC_FACTS_MISS}};
    enum { COUNT = sizeof caches / sizeof *caches };

    begin(out, "clientiq_cache_hits_total", "counter", "Look-ups that memory answered.");
    for (size_t i = 0; i < COUNT; i++)
        fprintf(out, "clientiq_cache_hits_total{cache=\"%s\"} %" PRIu64 "\n", caches[i].name,
                metrics_get(metrics, caches[i].hit));
    begin(out, "clientiq_cache_misses_total", "counter",
          "Look-ups for which the database was asked.");
    for (size_t i = 0; i < COUNT; i++)
        fprintf(out, "clientiq_cache_misses_total{cache=\"%s\"} %" PRIu64 "\n", caches[i].name,
                metrics_get(metrics, caches[i].miss));
}

/* What is not known yet is not told. */
static void
print_gauge(FILE *out, const Metrics *metrics, Gauge gauge, const char *name)
{
    int64_t value = metrics_gauge(metrics, gauge);

    if (value >= 0)
        fprintf(out, "%s %" PRId64 "\n", name, value);
}

static void
print_platform(FILE *out, const Metrics *metrics)
{
    begin(out, "clientiq_tenants", "gauge", "Tenants by state, counted twice a minute.");
    print_gauge(out, metrics, GAUGE_PROVISIONING, "clientiq_tenants{state=\"provisioning\"}");
    print_gauge(out, metrics, GAUGE_ACTIVE, "clientiq_tenants{state=\"active\"}");
    print_gauge(out, metrics, GAUGE_SUSPENDED, "clientiq_tenants{state=\"suspended\"}");
    print_gauge(out, metrics, GAUGE_DELETED, "clientiq_tenants{state=\"deleted\"}");
    print_gauge(out, metrics, GAUGE_PURGING, "clientiq_tenants{state=\"purging\"}");
    begin(out, "clientiq_migration_runs", "gauge", "Migration runs that are running.");
    print_gauge(out, metrics, GAUGE_RUNS, "clientiq_migration_runs");
    begin(out, "clientiq_migration_schemas_waiting", "gauge", "Schemas that wait in these runs.");
    print_gauge(out, metrics, GAUGE_SCHEMAS, "clientiq_migration_schemas_waiting");
    begin(out, "clientiq_outbox_mails", "gauge", "Mails of the platform that are to be sent.");
    print_gauge(out, metrics, GAUGE_MAILS, "clientiq_outbox_mails");
}

/* ---- the process ---- */

static void
print_process(FILE *out)
{
    struct rusage usage;
    unsigned long pages = 0;
    FILE *statm = fopen("/proc/self/statm", "re");

    if (statm != NULL && fscanf(statm, "%*u %lu", &pages) == 1)
        print_single(out, "process_resident_memory_bytes", "gauge", "Memory of the process.",
                     (uint64_t) pages * (uint64_t) sysconf(_SC_PAGESIZE));
    if (statm != NULL)
        fclose(statm);
    if (getrusage(RUSAGE_SELF, &usage) != 0)
        return;
    begin(out, "process_cpu_seconds_total", "counter", "Time of the processors.");
    fprintf(out, "process_cpu_seconds_total %.3f\n",
            (double) (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                (double) (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6);
}

static void
print_all(FILE *out, const ExpositionState *state)
{
    const Metrics *metrics = state->metrics;
    uint64_t ended = metrics_get(metrics, METRIC_ENDED); /* first: never more than have begun */
    uint64_t started = metrics_get(metrics, METRIC_STARTED);

    begin(out, "clientiq_build_info", "gauge", "The program; the value is always 1.");
    fprintf(out, "clientiq_build_info{version=\"%s\"} 1\n", CIQ_VERSION);
    print_single(out, "clientiq_serving", "gauge", "Whether calls are taken.", state->is_ready);
    print_calls(out, metrics);
    print_durations(out, metrics);
    print_single(out, "clientiq_calls_in_flight", "gauge", "Calls that are being served.",
                 started - ended);
    print_refused(out, metrics);
    print_queue(out, state);
    begin(out, "clientiq_connections", "gauge", "Connections of callers, by transport.");
    fprintf(out, "clientiq_connections{transport=\"nng\"} %zu\n", state->nng_connections);
    fprintf(out, "clientiq_connections{transport=\"http\"} %zu\n", state->http_connections);
    print_single(out, "clientiq_http_requests_total", "counter",
                 "Requests of HTTP, also those that became no call.",
                 metrics_get(metrics, METRIC_HTTP_REQUESTS));
    print_single(out, "clientiq_database_connections", "gauge",
                 "Workers that are connected to the database.", state->database_connections);
    print_single(out, "clientiq_database_round_trips_total", "counter",
                 "Round trips to the database.", metrics_get(metrics, METRIC_ROUND_TRIPS));
    print_caches(out, metrics);
    print_single(out, "clientiq_mails_sent_total", "counter", "Mails that this server has sent.",
                 metrics_get(metrics, METRIC_MAILS_SENT));
    print_single(out, "clientiq_mails_failed_total", "counter",
                 "Attempts of this server to send a mail that have failed.",
                 metrics_get(metrics, METRIC_MAILS_FAILED));
    print_platform(out, metrics);
    print_process(out);
}

char *
exposition_text(const ExpositionState *state)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    if (out == NULL)
        return NULL;
    print_all(out, state);
    if (fclose(out) == 0)
        return text;
    free(text);
    return NULL;
}
