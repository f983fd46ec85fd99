/* The client as its users see it: making and freeing it, and waiting for a call.  */
#include "client/call.h"
#include "client/endpoint.h"
#include "client/flight.h"
#include "proto/guard.h"
#include "server/base/clock.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    TIMEOUT_STANDARD_MS = 10000,
    ATTEMPTS_STANDARD = 5,
    CONNECT_STANDARD_MS = 1000 /* how long a call waits while there is no connection */
};

/* ---- calls ---- */

void
ciq_call_async(CiqClient *client, const Method *method, const ProtobufCMessage *request,
               const CiqCallOptions *options, CiqThunk thunk, CiqAnyFunction done, void *arg)
{
    flight_start(client, method, request, options, false, NULL, thunk, done, arg);
}

typedef struct Waiter {
    pthread_mutex_t lock;
    pthread_cond_t done;
    bool is_done;
    ProtobufCMessage *response;
    CiqError *error;
} Waiter;

static void
waiter_done(CiqAnyFunction done, void *arg, ProtobufCMessage *response, CiqError *error)
{
    Waiter *waiter = arg;

    (void) done;
    pthread_mutex_lock(&waiter->lock);
    waiter->response = response;
    waiter->error = error;
    waiter->is_done = true;
    pthread_cond_signal(&waiter->done);
    pthread_mutex_unlock(&waiter->lock);
}

ProtobufCMessage *
ciq_call_reply(CiqClient *client, const Method *method, const ProtobufCMessage *request,
               const CiqCallOptions *options, bool explain, Reply **reply, CiqError **error)
{
    Waiter waiter = {.lock = PTHREAD_MUTEX_INITIALIZER};

    clock_cond_init(&waiter.done);
    if (reply != NULL)
        *reply = NULL;
    flight_start(client, method, request, options, explain, reply, waiter_done, NULL, &waiter);
    pthread_mutex_lock(&waiter.lock);
    while (!waiter.is_done)
        pthread_cond_wait(&waiter.done, &waiter.lock);
    pthread_mutex_unlock(&waiter.lock);
    pthread_mutex_destroy(&waiter.lock);
    pthread_cond_destroy(&waiter.done);

    if (error != NULL)
        *error = waiter.error;
    else
        ciq_error_free(waiter.error);
    return waiter.response;
}

ProtobufCMessage *
ciq_call(CiqClient *client, const Method *method, const ProtobufCMessage *request,
         const CiqCallOptions *options, CiqError **error)
{
    return ciq_call_reply(client, method, request, options, false, NULL, error);
}

static bool
pack_response(ProtobufCMessage *message, void **response, size_t *size, CiqError **error)
{
    *size = protobuf_c_message_get_packed_size(message);
    *response = malloc(*size + 1);
    if (*response != NULL)
        protobuf_c_message_pack(message, *response);
    else
        *error = ciq_error_new(CODE_RESOURCE_EXHAUSTED, "no memory");
    protobuf_c_message_free_unpacked(message, NULL);
    return *response != NULL;
}

bool
ciq_call_packed(CiqClient *client, const char *method, const void *request, size_t request_size,
                const CiqCallOptions *options, void **response, size_t *response_size,
                CiqError **error)
{
    const Method *found = method_find(method);
    ProtobufCMessage *message = NULL, *answer = NULL;
    CiqError *why = NULL;

    *response = NULL;
    *response_size = 0;
    if (found == NULL)
        why = ciq_error_new(CODE_UNIMPLEMENTED, "this library has no method %s", method);
    else if ((message = protobuf_c_message_unpack(found->request->descriptor, NULL, request_size,
                                                  request)) == NULL)
        why = ciq_error_new(CODE_INVALID_ARGUMENT, "the request is no %s",
                            found->request->descriptor->short_name);
    else
        answer = ciq_call(client, found, message, options, &why);
    if (message != NULL)
        protobuf_c_message_free_unpacked(message, NULL);
    if (answer != NULL && pack_response(answer, response, response_size, &why))
        return true;
    if (error != NULL)
        *error = why;
    else
        ciq_error_free(why);
    return false;
}

/* ---- the client itself ---- */

/* A socket that somebody else has put where the server's would be must not get our passwords. */
static bool
is_trusted(const char *path)
{
    struct stat status;

    return stat(path, &status) == 0 && (status.st_uid == geteuid() || status.st_uid == 0) &&
           access(path, W_OK) == 0;
}

char *
ciq_default_urls(void)
{
    const char *named = getenv("CIQ_URL");
    char url[300];

    if (named != NULL && named[0] != '\0')
        return strdup(named);
    if (wire_default_url(url, sizeof url) && is_trusted(url + strlen("ipc://")))
        return strdup(url);
    return strdup("tcp://127.0.0.1:7420");
}

static char *
ca_file_of(const CiqOptions *options)
{
    const char *named = options->ca_file != NULL ? options->ca_file : getenv("CIQ_CA_FILE");

    return strdup(named != NULL && named[0] != '\0' ? named : "/etc/ssl/certs/ca-certificates.crt");
}

static CiqError *
client_dial_all(CiqClient *client)
{
    char *urls = strdup(client->urls), *rest = urls, *url;
    CiqError *error = urls == NULL ? ciq_error_new(CODE_RESOURCE_EXHAUSTED, "no memory") : NULL;

    while (error == NULL && (url = strsep(&rest, ",")) != NULL) {
        url += strspn(url, " ");
        url[strcspn(url, " ")] = '\0';
        error = endpoint_open(client, url);
    }
    free(urls);
    return error;
}

CiqClient *
ciq_client_new(const CiqOptions *options, CiqError **error)
{
    CiqClient *client = calloc(1, sizeof *client);
    CiqError *why = NULL;

    wire_guard();
    if (options == NULL)
        options = &(const CiqOptions){0};
    if (client == NULL || sodium_init() < 0) {
        free(client);
        if (error != NULL)
            *error = ciq_error_new(CODE_RESOURCE_EXHAUSTED, "no memory");
        return NULL;
    }
    pthread_mutex_init(&client->lock, NULL);
    clock_cond_init(&client->idle);
    client->urls = options->urls != NULL ? strdup(options->urls) : ciq_default_urls();
    client->ca_file = ca_file_of(options);
    client->tenant = strdup(options->tenant != NULL ? options->tenant : "");
    client->token = strdup(options->token != NULL ? options->token : "");
    client->origin = strdup(options->origin != NULL ? options->origin : "");
    client->timeout_ms = options->timeout_ms != 0 ? options->timeout_ms : TIMEOUT_STANDARD_MS;
    client->connect_ms = options->connect_ms != 0 ? options->connect_ms : CONNECT_STANDARD_MS;
    client->attempt_ms = options->attempt_ms;
    client->attempts_max = options->attempts_max != 0 ? options->attempts_max : ATTEMPTS_STANDARD;
    client->watch = aio_pause_new(flights_watch, client);
    if (client->urls == NULL || client->ca_file == NULL || client->tenant == NULL ||
        client->token == NULL || client->origin == NULL || client->watch == NULL)
        why = ciq_error_new(CODE_RESOURCE_EXHAUSTED, "no memory");
    else
        why = client_dial_all(client);
    if (why == NULL)
        return client;
    ciq_client_free(client);
    if (error != NULL)
        *error = why;
    else
        ciq_error_free(why);
    return NULL;
}

static void
free_secret(char *text)
{
    if (text != NULL)
        sodium_memzero(text, strlen(text));
    free(text);
}

void
ciq_client_free(CiqClient *client)
{
    if (client == NULL)
        return;
    pthread_mutex_lock(&client->lock);
    client->closing = true;
    pthread_mutex_unlock(&client->lock);
    flights_end(client);
    aio_pause_free(client->watch);
    flights_free(client);
    for (size_t i = 0; i < client->endpoints_count; i++)
        endpoint_close(&client->endpoints[i]);
    pthread_cond_destroy(&client->idle);
    pthread_mutex_destroy(&client->lock);
    free(client->urls);
    free(client->ca_file);
    free(client->tenant);
    free_secret(client->token);
    free(client->origin);
    free(client);
}

static void
client_set_text(CiqClient *client, char **text, const char *value)
{
    char *copy = strdup(value != NULL ? value : ""), *before;

    if (copy == NULL)
        return;
    pthread_mutex_lock(&client->lock);
    before = *text;
    *text = copy;
    pthread_mutex_unlock(&client->lock);
    free_secret(before);
}

void
ciq_client_set_tenant(CiqClient *client, const char *tenant)
{
    client_set_text(client, &client->tenant, tenant);
}

void
ciq_client_set_token(CiqClient *client, const char *token)
{
    client_set_text(client, &client->token, token);
}

void
ciq_client_set_origin(CiqClient *client, const char *origin)
{
    client_set_text(client, &client->origin, origin);
}
