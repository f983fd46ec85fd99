/* Answers from memory, so that a watcher never waits for what it watches.  */
#include "http/admin.h"
#include "access/cache.h"
#include "http/exposition.h"
#include "migration/trial.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { READY_SIZE = 1024 };

static void
answer_text(HttpRequest *request, unsigned status, const char *type, const char *text)
{
    http_answer(request,
                &(HttpAnswer){.status = status, .type = type, .body = text, .size = strlen(text)},
                0);
}

/* ---- ready? ---- */

typedef struct Check {
    const char *name;
    bool ok;
    const char *words; /* what is wrong, or what should be known although it is not */
} Check;

static bool
has_room(const AdminPlace *place)
{
    size_t calls, bytes;

    queue_waiting(place->queues[LANE_CALLS], &calls, &bytes);
    return calls < (size_t) place->core->config->queue_calls &&
           bytes < (size_t) place->core->config->queue_bytes;
}

/* One line for each check; the status says whether all are well. */
static void
answer_ready(const AdminPlace *place, HttpRequest *request)
{
    Core *core = place->core;
    bool serves = atomic_load(&core->serving), fits = !trial_is_due(core);
    bool beats = !place->has_heartbeat || cache_is_fresh(core->cache);
    bool connected = atomic_load(&core->workers_connected) > 0, has = has_room(place), all;
    const Check checks[] = {
        {"serving", serves, "it starts or stops"},
        {"database", connected, "no worker is connected to it"},
        {"heartbeat", beats, "memory does not answer: the newest heartbeat is too old"},
        {"migrations", true,
         fits ? "" : "not all were tried on a new tenant; the log says more if that has failed"},
        {"queue", has, "it is full"},
    };
    char text[READY_SIZE];
    size_t used = 0;

    all = serves && beats && connected && has;
    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++) {
        bool tells = !checks[i].ok || (i == 3 && checks[i].words[0] != '\0');

        used += (size_t) snprintf(text + used, sizeof text - used, "%s %s%s%s\n", checks[i].name,
                                  checks[i].ok ? "ok" : "failed", tells ? ": " : "",
                                  tells ? checks[i].words : "");
    }
    answer_text(request, all ? 200 : 503, "text/plain; charset=utf-8", text);
}

/* ---- metrics ---- */

static void
answer_metrics(const AdminPlace *place, HttpRequest *request)
{
    ExpositionState state = {
        .metrics = place->core->metrics,
        .nng_connections = listener_connections(place->listener),
        .http_connections = place->calls != NULL ? door_connections(place->calls) : 0,
        .database_connections = atomic_load(&place->core->workers_connected),
        .is_ready = atomic_load(&place->core->serving),
    };
    char *text;

    for (Lane lane = 0; lane < LANE_COUNT; lane++)
        queue_waiting(place->queues[lane], &state.waiting[lane], &state.waiting_bytes[lane]);
    text = exposition_text(&state);
    if (text == NULL)
        http_drop(request);
    else
        answer_text(request, 200, "text/plain; version=0.0.4; charset=utf-8", text);
    free(text);
}

void
admin_handle(void *of, HttpRequest *request)
{
    const AdminPlace *place = of;
    Slice path = request->head.path;

    if (!slice_is(request->head.method, "GET") && !slice_is(request->head.method, "HEAD"))
        http_refuse(request, 405, "unimplemented", "the method must be GET or HEAD",
                    "Allow: GET, HEAD\r\n");
    else if (slice_is(path, "/livez"))
        answer_text(request, 200, "text/plain; charset=utf-8", "ok\n");
    else if (slice_is(path, "/readyz"))
        answer_ready(place, request);
    else if (slice_is(path, "/metrics"))
        answer_metrics(place, request);
    else
        http_refuse(request, 404, "not_found",
                    "there is nothing at this path: /livez, /readyz and /metrics are there", NULL);
}
