/* One socket for each server, so that it is this side that chooses who gets a call: a socket with
 * several connections would give each of them its share, also the one that does not answer.  */
#include "client/endpoint.h"
#include "proto/message.h"

#include <limits.h>
#include <nng/supplemental/tls/tls.h>
#include <string.h>

enum {
    RECONNECT_MAX_MS = 200,  /* between two attempts to connect */
    QUIET_MS = 200,          /* who owes an answer and says nothing for this long is asked */
    MUTE_MS = 400,           /* who does not answer that for this long is mute */
    TRIAL_MS = 1000,         /* between two calls to a slow server */
    LEARNT_MAX_US = 30000000 /* two clocks do not go alike: what is older is learnt anew */
};

/* ---- choosing ---- */

/* The lower the better; INT_MAX: not at all.  A write needs to know the server's clock first, so
 * that it cannot happen after its deadline. */
static int
rank_of(Endpoint *endpoint, const Method *method, const Endpoint *avoid)
{
    bool is_good = endpoint->health == HEALTH_GOOD;

    if (endpoint->pipe == 0)
        return INT_MAX;
    if (method->writes && !endpoint->has_greeted) {
        endpoint->probe_due = true;
        return INT_MAX;
    }
    /* a slow one is tried with a call now and then; one that could not be repeated elsewhere is not
     * risked */
    if (endpoint->health == HEALTH_SLOW && !method->never_replayed)
        is_good = client_now_ms() >= endpoint->trial_ms;
    if (is_good)
        return endpoint == avoid ? 1 : 0;
    return endpoint->health == HEALTH_SLOW ? 2 : 3;
}

Endpoint *
endpoint_choose(CiqClient *client, const Method *method, const Endpoint *avoid)
{
    Endpoint *best = NULL;
    int best_rank = INT_MAX;
    size_t count = client->endpoints_count, first = client->turn;

    for (size_t i = 0; i < count; i++) {
        Endpoint *endpoint = &client->endpoints[(first + i) % count];
        int rank = rank_of(endpoint, method, avoid);

        if (rank >= best_rank)
            continue;
        best = endpoint;
        best_rank = rank;
        client->turn = first + i + 1;
    }
    return best;
}

bool
endpoints_are_connected(const CiqClient *client)
{
    for (size_t i = 0; i < client->endpoints_count; i++)
        if (client->endpoints[i].pipe != 0)
            return true;
    return false;
}

bool
endpoints_have_other(const CiqClient *client, const Endpoint *endpoint)
{
    for (size_t i = 0; i < client->endpoints_count; i++) {
        const Endpoint *other = &client->endpoints[i];

        if (other != endpoint && other->pipe != 0 && other->health == HEALTH_GOOD)
            return true;
    }
    return false;
}

/* ---- health ---- */

void
endpoint_begin(Endpoint *endpoint)
{
    int64_t now_ms = client_now_ms();

    if (endpoint->waiting++ == 0)
        endpoint->owes_ms = now_ms;
    endpoint->trial_ms = now_ms + TRIAL_MS;
}

void
endpoint_end(Endpoint *endpoint)
{
    endpoint->waiting--;
}

/* Those that wait for a server look for one again. */
static void
wake_parked(CiqClient *client)
{
    for (Parked *parked = client->parked; parked != NULL; parked = parked->next)
        aio_pause_cancel(parked->pause);
    client->parked = NULL;
}

/* Anything that comes shows that it runs. */
static void
endpoint_heard(Endpoint *endpoint)
{
    endpoint->heard_ms = client_now_ms();
    if (endpoint->health == HEALTH_MUTE)
        endpoint->health = HEALTH_GOOD;
    if (!endpoint->has_greeted)
        wake_parked(endpoint->client);
    endpoint->has_greeted = true;
}

void
endpoint_answered(Endpoint *endpoint)
{
    endpoint_end(endpoint);
    endpoint_heard(endpoint);
    endpoint->answered_ms = endpoint->heard_ms;
    endpoint->health = HEALTH_GOOD;
}

void
endpoint_is_slow(Endpoint *endpoint)
{
    if (endpoint->health != HEALTH_GOOD)
        return;
    endpoint->health = HEALTH_SLOW;
    endpoint->trial_ms = client_now_ms() + TRIAL_MS;
}

void
endpoint_look(Endpoint *endpoint)
{
    int64_t now_ms = client_now_ms(), quiet_ms = now_ms - endpoint->heard_ms;

    if (quiet_ms > now_ms - endpoint->owes_ms)
        quiet_ms = now_ms - endpoint->owes_ms;
    if (endpoint->pipe == 0)
        return;
    if (endpoint->probe_step == PROBE_NONE)
        endpoint->probe_due |=
            endpoint->health == HEALTH_MUTE || (endpoint->waiting > 0 && quiet_ms >= QUIET_MS);
    else if (now_ms - endpoint->probe_ms >= MUTE_MS && endpoint->heard_ms < endpoint->probe_ms)
        endpoint->health = HEALTH_MUTE;
}

/* ---- clocks ---- */

void
endpoint_learn(Endpoint *endpoint, const Reply *reply, int64_t sent_us)
{
    ServerClock *clock = &endpoint->clock;
    int64_t offset_us = (int64_t) reply->receive_us - sent_us, now_us = clock_boot_us();

    if (reply->run == 0)
        return;
    if (clock->run != reply->run || offset_us < clock->offset_us ||
        now_us - clock->learnt_us > LEARNT_MAX_US)
        *clock = (ServerClock){reply->run, offset_us, now_us};
}

uint64_t
endpoint_deadline_us(const Endpoint *endpoint, int64_t left_us)
{
    return (uint64_t) (clock_boot_us() + endpoint->clock.offset_us + left_us);
}

/* ---- probes ---- */

static void
probe_send(Endpoint *endpoint)
{
    char name[] = "grpc.health.v1.Health/Check";
    Request request = CLIENTIQ__V1__REQUEST__INIT;
    uint8_t packed[64];
    nng_msg *message;
    bool due;

    pthread_mutex_lock(&endpoint->client->lock);
    due = endpoint->probe_due && endpoint->probe_step == PROBE_NONE && endpoint->pipe != 0 &&
          !endpoint->client->closing && nng_msg_alloc(&message, 0) == 0;
    endpoint->probe_due = false;
    if (due) {
        endpoint->probe_step = PROBE_SEND;
        endpoint->probe_ms = client_now_ms();
        endpoint->probe_us = clock_boot_us();
    }
    pthread_mutex_unlock(&endpoint->client->lock);
    if (!due)
        return;
    request.method = name;
    /* without memory it is empty, and the answer a refusal: an answer all the same */
    (void) nng_msg_append(message, packed, clientiq__v1__request__pack(&request, packed));
    nng_aio_set_msg(endpoint->probe_aio, message);
    nng_ctx_send(endpoint->probe_context, endpoint->probe_aio);
}

void
endpoints_probe(CiqClient *client)
{
    for (size_t i = 0; i < client->endpoints_count; i++)
        probe_send(&client->endpoints[i]);
}

static void
probe_end(Endpoint *endpoint, nng_msg *message)
{
    CiqClient *client = endpoint->client;
    Reply *reply = NULL;

    if (message != NULL) {
        reply = clientiq__v1__reply__unpack(NULL, nng_msg_len(message), nng_msg_body(message));
        message_free(message);
    }
    pthread_mutex_lock(&client->lock);
    endpoint->probe_step = PROBE_NONE;
    if (reply != NULL) {
        endpoint_learn(endpoint, reply, endpoint->probe_us);
        endpoint_heard(endpoint);
    }
    pthread_cond_broadcast(&client->idle);
    pthread_mutex_unlock(&client->lock);
    ciq_reply_free(reply);
}

static void
probe_callback(void *argument)
{
    Endpoint *endpoint = argument;
    nng_msg *message = NULL;
    bool is_sent;

    pthread_mutex_lock(&endpoint->client->lock);
    is_sent = endpoint->probe_step == PROBE_SEND;
    if (is_sent)
        endpoint->probe_step = PROBE_RECEIVE;
    pthread_mutex_unlock(&endpoint->client->lock);
    if (is_sent && aio_sent(endpoint->probe_aio) == 0) {
        nng_ctx_recv(endpoint->probe_context, endpoint->probe_aio);
        return;
    }
    if (!is_sent && aio_received(endpoint->probe_aio, &message) != 0)
        message = NULL;
    probe_end(endpoint, message);
}

/* ---- connections ---- */

/* A connection is known by its number: nng reports the end of one to a peer that is not our server
 * without having reported its start, and the end of one after the start of the next. */
static void
pipe_changed(nng_pipe pipe, nng_pipe_ev event, void *argument)
{
    Endpoint *endpoint = argument;
    CiqClient *client = endpoint->client;
    uint32_t id = (uint32_t) nng_pipe_id(pipe);

    pthread_mutex_lock(&client->lock);
    if (event == NNG_PIPE_EV_ADD_POST || endpoint->pipe == id) {
        endpoint->pipe = event == NNG_PIPE_EV_ADD_POST ? id : 0;
        endpoint->has_greeted = endpoint->probe_due = false;
        endpoint->health = HEALTH_GOOD;
        endpoint->clock = (ServerClock){0};
        wake_parked(client);
    }
    pthread_mutex_unlock(&client->lock);
}

/* The server must be who its URL says, by a certificate of an authority that is trusted. */
static int
dial_by_tls(nng_dialer dialer, const char *url, const char *ca_file)
{
    nng_tls_config *tls = NULL;
    nng_url *parsed = NULL;
    int error = nng_url_parse(&parsed, url);

    if (error == 0)
        error = nng_tls_config_alloc(&tls, NNG_TLS_MODE_CLIENT);
    if (error == 0)
        error = nng_tls_config_auth_mode(tls, NNG_TLS_AUTH_MODE_REQUIRED);
    if (error == 0)
        error = nng_tls_config_server_name(tls, parsed->u_hostname);
    if (error == 0)
        error = nng_tls_config_version(tls, NNG_TLS_1_2, NNG_TLS_1_3);
    if (error == 0)
        error = nng_tls_config_ca_file(tls, ca_file);
    if (error == 0)
        error = nng_dialer_set_ptr(dialer, NNG_OPT_TLS_CONFIG, tls);
    if (tls != NULL)
        nng_tls_config_free(tls); /* the dialer holds it */
    if (parsed != NULL)
        nng_url_free(parsed);
    return error;
}

static int
endpoint_dial(Endpoint *endpoint, const char *url)
{
    nng_dialer dialer;
    int error = nng_dialer_create(&dialer, endpoint->socket, url);

    if (error == 0 && strncmp(url, "tls+", 4) == 0)
        error = dial_by_tls(dialer, url, endpoint->client->ca_file);
    if (error == 0)
        error = nng_dialer_set_ms(dialer, NNG_OPT_RECONNMAXT, RECONNECT_MAX_MS);
    if (error == 0)
        error = nng_dialer_set_ms(dialer, NNG_OPT_RECONNMINT, 10);
    if (error == 0)
        error = nng_dialer_set_size(dialer, NNG_OPT_RECVMAXSZ, WIRE_MESSAGE_MAX);
    /* a connection that cannot be made now is made later, in the background */
    return error != 0 ? error : nng_dialer_start(dialer, NNG_FLAG_NONBLOCK);
}

CiqError *
endpoint_open(CiqClient *client, const char *url)
{
    Endpoint *endpoint = &client->endpoints[client->endpoints_count];
    int error;

    if (client->endpoints_count == URLS_MAX)
        return ciq_error_new(CODE_INVALID_ARGUMENT,
                             "there are more than %d URLs, the most that a client may have",
                             URLS_MAX);
    *endpoint = (Endpoint){.client = client};
    error = nng_req0_open(&endpoint->socket);
    if (error != 0)
        return ciq_error_new(CODE_RESOURCE_EXHAUSTED, "cannot open a socket: %s",
                             nng_strerror(error));
    client->endpoints_count++; /* from here on endpoint_close frees what there is */
    if (nng_ctx_open(&endpoint->probe_context, endpoint->socket) != 0 ||
        nng_ctx_set_ms(endpoint->probe_context, NNG_OPT_REQ_RESENDTIME, NNG_DURATION_INFINITE) !=
            0 ||
        nng_aio_alloc(&endpoint->probe_aio, probe_callback, endpoint) != 0)
        return ciq_error_new(CODE_RESOURCE_EXHAUSTED, "no memory");
    (void) nng_pipe_notify(endpoint->socket, NNG_PIPE_EV_ADD_POST, pipe_changed, endpoint);
    (void) nng_pipe_notify(endpoint->socket, NNG_PIPE_EV_REM_POST, pipe_changed, endpoint);
    error = endpoint_dial(endpoint, url);
    if (error != 0)
        return ciq_error_new(
            CODE_INVALID_ARGUMENT,
            "cannot dial %s: %s (a URL is ipc://PATH, tcp://HOST:PORT or tls+tcp://HOST:PORT)", url,
            nng_strerror(error));
    return NULL;
}

void
endpoint_close(Endpoint *endpoint)
{
    if (endpoint->probe_aio != NULL) {
        nng_aio_stop(endpoint->probe_aio);
        nng_aio_free(endpoint->probe_aio);
    }
    if (nng_ctx_id(endpoint->probe_context) > 0)
        nng_ctx_close(endpoint->probe_context);
    /* last, with nothing on it: nng 1.5.2 may wait for ever in closing a socket that is in use */
    nng_close(endpoint->socket);
}
