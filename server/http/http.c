/* Puts the parts together.  */
#include "http/http.h"
#include "http/connect.h"
#include "http/door.h"
#include "proto/json_text.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

struct Http {
    ConnectPlace connect;
    Door *calls; /* NULL: none */
};

static void
prepare(void)
{
    loop_init();
    json_wipe_freed();
}

static CensusLimits
limits_of(const Config *config)
{
    return (CensusLimits){.connections = (size_t) config->connections,
                          .of_address = (size_t) config->connections_per_address,
                          .bytes = (size_t) config->connection_bytes,
                          .message_us = config->message_timeout_ms * 1000,
                          .reply_us = config->reply_timeout_ms * 1000,
                          .idle_us = config->http_idle_timeout_ms * 1000};
}

static bool
open_calls(Http *http, Core *core, Intake *intake, char *reason, size_t size)
{
    const Config *config = core->config;

    if (config->http[0] == '\0')
        return true;
    http->connect = (ConnectPlace){core, intake, hosts_new(config, reason, size)};
    if (http->connect.hosts == NULL)
        return false;
    http->calls = door_open(&(DoorOptions){.setting = "--http",
                                           .address = config->http,
                                           .loops = (size_t) config->http_threads,
                                           .limits = limits_of(config),
                                           .intake = intake,
                                           .handle = connect_handle,
                                           .of = &http->connect},
                            reason, size);
    return http->calls != NULL;
}

bool
http_check(const Config *config, char *reason, size_t size)
{
    Hosts *hosts = hosts_new(config, reason, size);

    hosts_free(hosts);
    return hosts != NULL && door_check("--http", config->http, reason, size);
}

Http *
http_start(Core *core, Intake *intake, char *reason, size_t size)
{
    static pthread_once_t prepared = PTHREAD_ONCE_INIT;
    Http *http = calloc(1, sizeof *http);

    pthread_once(&prepared, prepare);
    snprintf(reason, size, "no memory");
    if (http != NULL && http_check(core->config, reason, size) &&
        open_calls(http, core, intake, reason, size))
        return http;
    http_stop(http);
    return NULL;
}

void
http_stop(Http *http)
{
    if (http == NULL)
        return;
    door_close(http->calls);
    hosts_free(http->connect.hosts);
    free(http);
}

const char *
http_url(const Http *http)
{
    return http == NULL || http->calls == NULL ? NULL : door_url(http->calls);
}
