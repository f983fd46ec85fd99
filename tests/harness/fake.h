/* A server of the test's own, which does as it is told: answers late, drops the connection, talks
 * nonsense, holds what it gets.  It answers Health, which is not counted among the requests.  */
#ifndef CIQ_TESTS_FAKE_H
#define CIQ_TESTS_FAKE_H

#include "proto/wire.h"

#include <nng/nng.h>
#include <pthread.h>

enum { REQUESTS_MAX = 64, DEPTH = 64, FAKE_RECEIVE_US = 5000000 };

/* What the fake does with one request. */
typedef enum Act { ACT_ANSWER, ACT_DROP, ACT_NONSENSE, ACT_WRONG_PAYLOAD, ACT_FAIL, ACT_HOLD } Act;

typedef struct FakeScript {
    Act act;
    int code;                /* of ACT_FAIL */
    uint32_t retry_after_ms; /* of ACT_FAIL */
    int delay_ms;            /* before it does it */
} FakeScript;

typedef struct Fake Fake;

/* One request being served. */
typedef struct FakeTurn {
    Fake *fake;
    nng_ctx context;
    nng_aio *aio;
    enum { TURN_RECEIVE, TURN_DELAY, TURN_SEND, TURN_HELD } step;
    nng_msg *message;
    FakeScript script;
} FakeTurn;

struct Fake {
    nng_socket socket;
    char url[96];
    pthread_mutex_t lock;
    const FakeScript *script; /* the last line is done for all requests from there on */
    size_t script_size, requests, probes;
    bool is_stopped; /* it holds all that comes, Health too */
    uint64_t run;    /* in its answers; 0: it tells nothing of its clock */
    uint8_t keys[REQUESTS_MAX][WIRE_KEY_SIZE];
    size_t key_sizes[REQUESTS_MAX];
    uint32_t timeouts_ms[REQUESTS_MAX];
    uint64_t runs[REQUESTS_MAX], deadlines_us[REQUESTS_MAX];
    char tokens[REQUESTS_MAX][32];
    FakeTurn turns[DEPTH];
};

/* It does what the lines of the script say, one for each request. */
void fake_open(Fake *fake, const FakeScript *script, size_t script_size);
void fake_listen(Fake *fake);
void fake_close(Fake *fake);

/* From now on it holds all that comes, Health too; and until fake_continue, which answers that. */
void fake_stop(Fake *fake);
void fake_continue(Fake *fake);

/* How many requests it has got, but for Health. */
size_t fake_requests(Fake *fake);

#endif
