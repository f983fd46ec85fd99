/* Puts the parts together.  */
#include "http/http.h"
#include "base/ip.h"
#include "base/log.h"
#include "http/admin.h"
#include "http/connect.h"
#include "http/door.h"
#include "proto/json_text.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ADMIN_CONNECTIONS = 64 };

struct Http {
    ConnectPlace connect;
    AdminPlace admin;
    Door *calls, *watchers; /* NULL: none */
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
    CensusLimits limits = census_limits(config);

    limits.idle_us = config->http_idle_timeout_ms * 1000;
    return limits;
}

/* What is listened on by itself must not keep a second server of a machine from its work. */
static bool
is_auto(const char *setting)
{
    return strcmp(setting, "auto") == 0;
}

static const char *
calls_address(const Config *config)
{
    return is_auto(config->http) ? "127.0.0.1:7480" : config->http;
}

static const char *
admin_address(const Config *config)
{
    return is_auto(config->http_admin) ? "127.0.0.1:7481" : config->http_admin;
}

/* Whether a door that did not open may stay closed. */
static bool
goes_without(const char *setting, const char *reason)
{
    char text[512];

    if (is_auto(setting))
        log_write(LOG_LEVEL_WARNING, "goes on without HTTP", "reason=%s",
                  log_quote(text, sizeof text, reason));
    return is_auto(setting);
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
                                           .address = calls_address(config),
                                           .loops = (size_t) config->http_threads,
                                           .limits = limits_of(config),
                                           .intake = intake,
                                           .handle = connect_handle,
                                           .of = &http->connect},
                            reason, size);
    return http->calls != NULL || goes_without(config->http, reason);
}

/* A thread of its own, so that who watches is answered whatever the others do. */
static bool
open_admin(Http *http, Core *core, const HttpWatched *watched, char *reason, size_t size)
{
    CensusLimits limits = limits_of(core->config);

    if (core->config->http_admin[0] == '\0')
        return true;
    limits.connections = limits.of_address = ADMIN_CONNECTIONS;
    http->admin =
        (AdminPlace){core, watched->queues, watched->listener, http->calls, watched->has_heartbeat};
    http->watchers = door_open(&(DoorOptions){.setting = "--http-admin",
                                              .address = admin_address(core->config),
                                              .loops = 1,
                                              .limits = limits,
                                              .handle = admin_handle,
                                              .of = &http->admin},
                               reason, size);
    return http->watchers != NULL || goes_without(core->config->http_admin, reason);
}

/* Tokens and passwords go over it; over the other one they do not. */
static bool
check_plaintext(const Config *config, char *reason, size_t size)
{
    if (config->http[0] == '\0' || ip_port_is_loopback(calls_address(config)) ||
        strcmp(config->plaintext_beyond_loopback, "on") == 0)
        return true;
    snprintf(
        reason, size,
        "--http %s: other machines reach it, and HTTP has no encryption: listen on the loopback "
        "behind a proxy, or say --plaintext-beyond-loopback on where the network is trusted",
        config->http);
    return false;
}

bool
http_check(const Config *config, char *reason, size_t size)
{
    Hosts *hosts = hosts_new(config, reason, size);

    hosts_free(hosts);
    return hosts != NULL && door_check("--http", calls_address(config), reason, size) &&
           door_check("--http-admin", admin_address(config), reason, size) &&
           check_plaintext(config, reason, size);
}

Http *
http_start(Core *core, Intake *intake, const HttpWatched *watched, char *reason, size_t size)
{
    static pthread_once_t prepared = PTHREAD_ONCE_INIT;
    Http *http = calloc(1, sizeof *http);

    pthread_once(&prepared, prepare);
    snprintf(reason, size, "no memory");
    if (http != NULL && http_check(core->config, reason, size) &&
        open_calls(http, core, intake, reason, size) &&
        open_admin(http, core, watched, reason, size))
        return http;
    http_stop(http);
    return NULL;
}

void
http_stop(Http *http)
{
    if (http == NULL)
        return;
    door_close(http->watchers); /* which look at the other one */
    door_close(http->calls);
    hosts_free(http->connect.hosts);
    free(http);
}

const char *
http_url(const Http *http)
{
    return http == NULL || http->calls == NULL ? NULL : door_url(http->calls);
}

const char *
http_admin_url(const Http *http)
{
    return http == NULL || http->watchers == NULL ? NULL : door_url(http->watchers);
}
