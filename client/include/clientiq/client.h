/* libciq: the C client library of ClientIQ.
 *
 * A CiqClient speaks to one server, or to several that serve the same database; many threads may
 * use one client, and all its calls travel over one connection for each server.  Every rpc is three
 * functions in clientiq/calls.h: ciq_get_user waits for the answer, ciq_get_user_with does so for
 * a tenant, token or deadline of its own, ciq_get_user_async calls back.
 *
 * A call fails with a CiqError whose code is one of gRPC's canonical status codes.  The library
 * repeats a call by itself, within its deadline, when the connection or the server was lost, or
 * when the server asks for it: reads always, writes under one idempotency key, so that a write
 * happens once.  Signing in and out and changing a password are not repeated once a server may have
 * seen the request.
 *
 * Of several servers those that answer get the calls.  One that owes answers and is silent for 0.2
 * s is asked by Health; if that stays without answer for 0.4 s, its calls go to the others, and it
 * gets none until it answers.  A call that its deadline has ended does not happen later: the
 * request says, on the server's clock, until when it counts, so the first write on a connection
 * comes after an answer of that server, to Health if need be.
 *
 * Ownership: what a function returns or hands over is yours to free with the function named beside
 * it; what you pass in is borrowed until the function returns.  */
#ifndef CLIENTIQ_CLIENT_H
#define CLIENTIQ_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct CiqClient CiqClient;
typedef struct CiqError CiqError;

typedef struct CiqOptions {
    /* One nng URL or several separated by commas.  NULL: CIQ_URL of the environment, or the server
     * of this machine: its ipc:// socket if there is one, else tcp://127.0.0.1:7420. */
    const char *urls;
    const char *tenant;  /* a domain or a schema name; NULL or "": the platform */
    const char *token;   /* of a session or an API key; NULL or "": none */
    const char *origin;  /* the end user's address, which an API key may forward; NULL, "": none */
    uint32_t timeout_ms; /* of a call that names none, for all its attempts; 0: 10 s */
    unsigned attempts_max; /* of one call; 0: 5; 1: it is never repeated */
    /* How long a call waits while there is no connection to any server, before it fails with
     * UNAVAILABLE; 0: 1 s. */
    uint32_t connect_ms;
    /* Of several servers: how long an attempt waits while its server answers none of this client's
     * calls, before the call goes to another one; 0: a quarter of the call's time, at least 1 s.  A
     * server that does not even answer Health is passed by sooner. */
    uint32_t attempt_ms;
    /* Of tls+tcp:// URLs: a file of the authorities, in PEM, whose certificates are trusted.  A
     * server must have one of theirs, for the name in its URL.  NULL: CIQ_CA_FILE of the
     * environment, or else the system's, /etc/ssl/certs/ca-certificates.crt. */
    const char *ca_file;
} CiqOptions;

/* Opens a client, which connects in the background.  options may be NULL: all of them as if 0.
 * Returns NULL if that fails, and *error says why: INVALID_ARGUMENT (a URL is not valid, there are
 * more than 16, or ca_file cannot be used) or RESOURCE_EXHAUSTED.  error may be NULL. */
CiqClient *ciq_client_new(const CiqOptions *options, CiqError **error);

/* Gives calls that wait for their answer a quarter of a second to get it, ends all others with
 * CANCELLED, waits for the callbacks, and frees the client.  NULL is fine.  Not to be called from a
 * callback. */
void ciq_client_free(CiqClient *client);

/* For the calls that start from now on; NULL or "": none.  Without memory nothing changes. */
void ciq_client_set_tenant(CiqClient *client, const char *tenant);
void ciq_client_set_token(CiqClient *client, const char *token);
void ciq_client_set_origin(CiqClient *client, const char *origin);

enum { CIQ_KEY_SIZE = 16 }; /* bytes of an idempotency key */

/* What one call has otherwise than its client.  What is NULL or 0 is as the client has it. */
typedef struct CiqCallOptions {
    const char *tenant;      /* as in CiqOptions; "": the platform */
    const char *token;       /* "": none */
    const char *origin;      /* "": none */
    const char *traceparent; /* W3C Trace Context; its trace id appears in the server's log */
    uint32_t timeout_ms;     /* for all attempts */
    /* Of a write: CIQ_KEY_SIZE bytes, random and the same in each repetition of one write; within a
     * day the write happens once, however often it is called.  NULL: random ones, which cover the
     * library's own repetitions. */
    const uint8_t *idempotency_key;
    bool once; /* one attempt only, whatever attempts_max says */
} CiqCallOptions;

/* Calls a method by its name, such as "clientiq.v1.UserService/GetUser", with its packed request;
 * for gateways, and for languages that have protobuf.  options may be NULL.  *response, from
 * malloc, is the packed response of *response_size bytes; free it with free.  False: *error says
 * why, if error is not NULL: UNIMPLEMENTED if this library knows no such method, INVALID_ARGUMENT
 * if the request is not its message. */
bool ciq_call_packed(CiqClient *client, const char *method, const void *request,
                     size_t request_size, const CiqCallOptions *options, void **response,
                     size_t *response_size, CiqError **error);

/* What went wrong.  The texts live as long as the error. */
int ciq_error_code(const CiqError *error);                /* gRPC's number: 5 is NOT_FOUND */
const char *ciq_error_code_name(const CiqError *error);   /* "NOT_FOUND" */
const char *ciq_error_message(const CiqError *error);     /* English, for people; never NULL */
uint32_t ciq_error_retry_after_ms(const CiqError *error); /* 0: the server gave no advice */
const char *ciq_error_request_id(const CiqError *error);  /* in the server's log; "": no reply */
size_t ciq_error_violations(const CiqError *error);       /* how many fields were wrong */
const char *ciq_error_violation_field(const CiqError *error, size_t index); /* "user.email" */
const char *ciq_error_violation_text(const CiqError *error, size_t index);
void ciq_error_free(CiqError *error); /* NULL is fine */

#ifdef __cplusplus
}
#endif

#include "clientiq/calls.h"

#endif
