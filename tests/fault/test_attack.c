/* A server under storms, over ipc:// and tcp://: peers that connect and close, that are silent,
 * that send half a message, flood, read slowly, or send what is no message.  Beside each storm
 * another tenant's caller is served.  Prints how long its calls took, and what the server holds
 * before and after; the verdict is by counts alone: calls that were lost or refused, and
 * descriptors that stay.
 *
 * tools/attack runs it for longer; CIQ_ATTACK_SECONDS and CIQ_ATTACK_SEED say how long and which
 * random numbers.  */
#include "harness/fleet.h"
#include "harness/harness.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    SECONDS = 32,         /* in all, if nobody says */
    SETTLE_MS = 20000,    /* for the server to close what the storm has left */
    DESCRIPTORS_MORE = 8, /* that may come and go by themselves */
    ATTACKERS = 2,
    HELD = 100,              /* connections that one attacker keeps open */
    CONNECTIONS_MAX = 20000, /* that one attacker opens in one storm */
    FRAME_MAX = 1024,
    USERS = 20000,
    CALL_TIMEOUT_MS = 10000,
    TIMES_MAX = 200000
};

typedef struct Held {
    long descriptors, threads, resident_kib;
} Held;

typedef struct Attack {
    Fleet fleet;
    ServerProcess process;
    char busy[TOKEN_SIZE]; /* the token of the tenant that floods */
    unsigned seed;
    int64_t storm_ms;
    Held first; /* before the first storm: what each leaves adds up */
} Attack;

typedef struct Attacker {
    pthread_t thread;
    const Attack *attack;
    bool is_ipc;
    unsigned seed;
    int64_t until_ms;
    uint8_t frames[4][FRAME_MAX]; /* what it sends, in turn */
    size_t sizes[4], frames_count;
    size_t sent;
} Attacker;

/* ---- peers ---- */

static const char *
attacker_url(const Attacker *attacker)
{
    const ServerProcess *process = &attacker->attack->process;

    return attacker->is_ipc ? process->url : process->tcp;
}

static int
attacker_connect(const Attacker *attacker, bool greet)
{
    int peer = peer_connect(attacker_url(attacker));

    if (peer < 0)
        return -1;
    if (greet && write(peer, peer_greeting, sizeof peer_greeting) != sizeof peer_greeting) {
        close(peer);
        return -1;
    }
    (void) fcntl(peer, F_SETFL, O_NONBLOCK);
    return peer;
}

static bool
goes_on(const Attacker *attacker)
{
    return now_ms() < attacker->until_ms;
}

static void
add_frame(Attacker *attacker, const char *method, const char *tenant, const char *token,
          const char *payload, size_t payload_size)
{
    Request request = CLIENTIQ__V1__REQUEST__INIT;
    uint8_t frame[FRAME_MAX];
    size_t size;

    request.method = TEXT(method);
    request.tenant = TEXT(tenant);
    request.token = TEXT(token);
    request.timeout_ms = 5000;
    request.payload = (ProtobufCBinaryData){payload_size, (uint8_t *) (uintptr_t) payload};
    size = peer_frame(attacker_url(attacker), &request, (uint32_t) attacker->frames_count, frame);
    memcpy(attacker->frames[attacker->frames_count], frame, size);
    attacker->sizes[attacker->frames_count++] = size;
}

#define LIST_USERS "clientiq.v1.UserService/ListUsers"
#define PAGE_OF_1000 "\x08\xe8\x07"
#define SEARCH_FOR_XQ "\x1a\x02xq"

/* What read and write gave: false if the connection is over. */
static bool
is_alive(ssize_t done)
{
    return done > 0 || (done < 0 && (errno == EAGAIN || errno == EINTR));
}

/* Writes as fast as the server takes it.  read_max: bytes that it reads at a time; 0: none. */
static void
pour(Attacker *attacker, size_t read_max)
{
    static __thread uint8_t answer[65536];
    size_t at = 0, frame = 0;
    int peer = attacker_connect(attacker, true);

    while (goes_on(attacker) && peer >= 0) {
        struct pollfd ready = {.fd = peer,
                               .events = (short) (POLLOUT | (read_max > 0 ? POLLIN : 0))};
        bool alive = true;

        (void) poll(&ready, 1, 20);
        if ((ready.revents & POLLIN) != 0)
            alive = is_alive(read(peer, answer, read_max));
        if (alive && (ready.revents & POLLOUT) != 0) {
            ssize_t done = write(peer, attacker->frames[frame] + at, attacker->sizes[frame] - at);

            alive = is_alive(done);
            at += done > 0 ? (size_t) done : 0;
            if (at == attacker->sizes[frame]) {
                at = 0;
                frame = (frame + 1) % attacker->frames_count;
                attacker->sent++;
            }
        }
        if (alive && (ready.revents & (POLLERR | POLLHUP)) == 0)
            continue;
        close(peer);
        at = 0;
        peer = attacker_connect(attacker, true);
    }
    if (peer >= 0)
        close(peer);
}

/* ---- storms ---- */

static void
connect_and_close(Attacker *attacker)
{
    struct linger reset = {.l_onoff = 1, .l_linger = 0};

    while (goes_on(attacker) && attacker->sent < CONNECTIONS_MAX) {
        int peer = attacker_connect(attacker, rand_r(&attacker->seed) % 2 == 0);

        if (peer < 0)
            continue;
        if (rand_r(&attacker->seed) % 2 == 0)
            (void) setsockopt(peer, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
        close(peer);
        attacker->sent++;
    }
}

/* Connections that stay open to the end, each after it has sent so much. */
static void
hold(Attacker *attacker, const uint8_t *data, size_t size, bool greet)
{
    int peers[HELD];

    for (int i = 0; i < HELD; i++) {
        peers[i] = attacker_connect(attacker, greet);
        if (peers[i] >= 0 && size > 0)
            attacker->sent += write(peers[i], data, size) > 0;
    }
    while (goes_on(attacker))
        (void) poll(NULL, 0, 20);
    for (int i = 0; i < HELD; i++)
        if (peers[i] >= 0)
            close(peers[i]);
}

static void
be_silent(Attacker *attacker)
{
    hold(attacker, NULL, 0, rand_r(&attacker->seed) % 2 == 0);
}

/* The beginning of a message that is as long as one may be. */
static void
send_halves(Attacker *attacker)
{
    static const uint8_t zeros[65536];
    uint8_t half[sizeof zeros] = {[0] = 1};
    size_t length = attacker->is_ipc ? 1 : 0;

    half[length + 5] = WIRE_MESSAGE_MAX >> 16;
    hold(attacker, half, sizeof half, true);
}

static void
flood_with_pages(Attacker *attacker)
{
    add_frame(attacker, LIST_USERS, "alpha", attacker->attack->busy, PAGE_OF_1000, 3);
    pour(attacker, 65536);
}

static void
flood_with_searches(Attacker *attacker)
{
    add_frame(attacker, LIST_USERS, "alpha", attacker->attack->busy, SEARCH_FOR_XQ, 4);
    pour(attacker, 65536);
}

/* Tenants that there are not, a session that nobody has, and a sign-in. */
static void
flood_as_nobody(Attacker *attacker)
{
    add_frame(attacker, LIST_USERS, "invented-1.localhost", "", PAGE_OF_1000, 3);
    add_frame(attacker, LIST_USERS, "invented-2.localhost", "", PAGE_OF_1000, 3);
    add_frame(attacker, LIST_USERS, "alpha", "ciq_s_1_BAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
              PAGE_OF_1000, 3);
    add_frame(attacker, "clientiq.v1.UserService/Login", "alpha", "",
              "\x0a\x07x@y.org\x12\x0bwrong-wrong", 22);
    pour(attacker, 65536);
}

static void
read_slowly(Attacker *attacker)
{
    add_frame(attacker, LIST_USERS, "alpha", attacker->attack->busy, PAGE_OF_1000, 3);
    pour(attacker, 1);
}

static void
never_read(Attacker *attacker)
{
    add_frame(attacker, LIST_USERS, "alpha", attacker->attack->busy, PAGE_OF_1000, 3);
    pour(attacker, 0);
}

/* One connection after the other, each with a few frames of which bytes are changed. */
static void
send_mutated(Attacker *attacker)
{
    add_frame(attacker, LIST_USERS, "alpha", attacker->attack->busy, PAGE_OF_1000, 3);
    add_frame(attacker, "clientiq.v1.UserService/Login", "alpha", "",
              "\x0a\x07x@y.org\x12\x0bwrong-wrong", 22);
    while (goes_on(attacker) && attacker->sent < CONNECTIONS_MAX) {
        int peer = attacker_connect(attacker, true);

        for (int i = 0; i < 8 && peer >= 0; i++) {
            size_t which = (size_t) rand_r(&attacker->seed) % attacker->frames_count;
            uint8_t frame[FRAME_MAX], answer[4096];
            size_t size = attacker->sizes[which];

            memcpy(frame, attacker->frames[which], size);
            for (int c = 1 + rand_r(&attacker->seed) % 4; c > 0; c--)
                frame[(size_t) rand_r(&attacker->seed) % size] = (uint8_t) rand_r(&attacker->seed);
            attacker->sent += write(peer, frame, size) > 0;
            (void) !read(peer, answer, sizeof answer);
        }
        if (peer >= 0)
            close(peer);
    }
}

typedef struct Storm {
    const char *name;
    void (*strike)(Attacker *attacker);
} Storm;

static const Storm storms[] = {
    {"connect and close", connect_and_close},
    {"silence", be_silent},
    {"half messages", send_halves},
    {"flood of pages, signed in", flood_with_pages},
    {"flood of searches, signed in", flood_with_searches},
    {"flood as nobody", flood_as_nobody},
    {"changed messages", send_mutated},
    {"reading slowly", read_slowly},
    {"never reading", never_read},
};

enum { STORMS = sizeof storms / sizeof *storms };

static void *
attacker_run(void *argument)
{
    void **both = argument;
    const Storm *storm = both[0];

    storm->strike(both[1]);
    return NULL;
}

/* ---- the other tenant, and the server ---- */

typedef struct Probe {
    size_t calls, refused, lost;
    double median_us, slow_us; /* slow: of a hundred calls one takes longer */
} Probe;

static int
compare(const void *one, const void *other)
{
    double left = *(const double *) one, right = *(const double *) other;

    return (left > right) - (left < right);
}

/* One call after the other, by a client that does not try again. */
static Probe
probe(CiqClient *client, int64_t until_ms)
{
    static double times_us[TIMES_MAX];
    Probe probe = {0};

    while (now_ms() < until_ms && probe.calls < TIMES_MAX) {
        CiqError *error = NULL;
        int64_t start_us = now_us();

        ciq_get_user_response_free(user_get(client, 1, &error));
        times_us[probe.calls++] = (double) (now_us() - start_us);

        Code code = code_of(error);

        probe.refused += code == CODE_RESOURCE_EXHAUSTED;
        probe.lost += code != CODE_OK && code != CODE_RESOURCE_EXHAUSTED;
        (void) poll(NULL, 0, 1);
    }
    if (probe.calls > 0) {
        qsort(times_us, probe.calls, sizeof *times_us, compare);
        probe.median_us = times_us[probe.calls / 2];
        probe.slow_us = times_us[probe.calls * 99 / 100];
    }
    return probe;
}

static Held
server_holds(pid_t pid)
{
    char path[64], line[256];
    Held held = {0};

    snprintf(path, sizeof path, "/proc/%ld/fd", (long) pid);

    DIR *folder = opendir(path);

    assert_non_null(folder); /* it lives */
    while (readdir(folder) != NULL)
        held.descriptors++;
    closedir(folder);
    snprintf(path, sizeof path, "/proc/%ld/status", (long) pid);

    FILE *status = fopen(path, "r");

    assert_non_null(status);
    while (fgets(line, sizeof line, status) != NULL) {
        (void) sscanf(line, "VmRSS: %ld", &held.resident_kib);
        (void) sscanf(line, "Threads: %ld", &held.threads);
    }
    fclose(status);
    return held;
}

/* Descriptors that are still open some time after the storm, and were not before all of them. */
static long
descriptors_left(const Attack *attack, Held *after)
{
    int64_t until_ms = now_ms() + SETTLE_MS;

    for (;;) {
        *after = server_holds(attack->process.pid);
        if (after->descriptors <= attack->first.descriptors + DESCRIPTORS_MORE)
            return 0;
        if (now_ms() > until_ms)
            return after->descriptors - attack->first.descriptors;
        (void) poll(NULL, 0, 50);
    }
}

static CiqClient *
quiet_client(const char *url)
{
    CiqError *error = NULL;
    CiqClient *client = ciq_client_new(
        &(CiqOptions){
            .urls = url, .tenant = "beta", .timeout_ms = CALL_TIMEOUT_MS, .attempts_max = 1},
        &error);

    assert_ok(error);

    json_t *session =
        call_json(client, "UserService/Login", &error, "{\"email\": \"%s\", \"password\": \"%s\"}",
                  world_email, world_password);

    assert_ok(error);
    ciq_client_set_token(client, json_at(session, "token"));
    json_decref(session);
    assert_user_code(client, CODE_OK, NULL);
    return client;
}

/* ---- one storm ---- */

typedef struct Counts {
    size_t refused, lost;
    long descriptors;
} Counts;

static void
strike(Attack *attack, const Storm *storm, bool is_ipc, Counts *counts)
{
    CiqClient *client = quiet_client(is_ipc ? attack->process.url : attack->process.tcp);
    Probe calm = probe(client, now_ms() + attack->storm_ms / 3);
    Held before = server_holds(attack->process.pid), after;
    Attacker *attackers = calloc(ATTACKERS, sizeof *attackers);
    int64_t until_ms = now_ms() + attack->storm_ms * 2 / 3;
    void *arguments[ATTACKERS][2];

    assert_non_null(attackers);
    for (int i = 0; i < ATTACKERS; i++) {
        attackers[i] = (Attacker){
            .attack = attack, .is_ipc = is_ipc, .seed = attack->seed++, .until_ms = until_ms};
        arguments[i][0] = (void *) (uintptr_t) storm;
        arguments[i][1] = &attackers[i];
        assert_int_equal(
            pthread_create(&attackers[i].thread, NULL, attacker_run, (void *) arguments[i]), 0);
    }

    Probe beside = probe(client, until_ms);
    size_t sent = 0;

    for (int i = 0; i < ATTACKERS; i++) {
        pthread_join(attackers[i].thread, NULL);
        sent += attackers[i].sent;
    }
    free(attackers);

    long left = descriptors_left(attack, &after);

    printf("| %s | %s | %zu | %zu | %zu | %zu | %.0f | %.0f | %.1f | %.0f | %ld, %ld | %ld, %ld | "
           "%ld, %ld |\n",
           storm->name, is_ipc ? "ipc" : "tcp", sent, beside.calls, beside.refused, beside.lost,
           calm.median_us, beside.median_us, beside.median_us / calm.median_us, beside.slow_us,
           before.descriptors, after.descriptors, before.threads, after.threads,
           before.resident_kib / 1024, after.resident_kib / 1024);
    fflush(stdout);
    counts->refused += beside.refused;
    counts->lost += beside.lost;
    counts->descriptors = left;
    ciq_client_free(client);
}

static void
test_attack__leaves_others_alone(void **state)
{
    Attack *attack = *state;
    Counts counts = {0};

    printf("| storm | over | sent | calls beside | refused | lost | median calm, us | beside | "
           "ratio | p99 beside | descriptors | threads | MiB |\n"
           "|---|---|---|---|---|---|---|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < STORMS; i++)
        for (int ipc = 0; ipc < 2; ipc++)
            strike(attack, &storms[i], ipc == 1, &counts);
    printf("%zu calls of another tenant refused, %zu lost, %ld descriptors left\n", counts.refused,
           counts.lost, counts.descriptors);
    assert_int_equal(counts.refused, 0);
    assert_int_equal(counts.lost, 0);
    assert_int_equal(counts.descriptors, 0);
}

/* ---- the server ---- */

static long
number_of(const char *variable, long standard)
{
    const char *text = getenv(variable);

    return text != NULL && text[0] != '\0' ? strtol(text, NULL, 10) : standard;
}

static int
attack_setup(void **state)
{
    static const char *const options[] = {"--verify-domains", "off", NULL};
    Attack *attack = calloc(1, sizeof *attack);
    TestServer there = {0};

    assert_non_null(attack);
    attack->seed = (unsigned) number_of("CIQ_ATTACK_SEED", 1);
    attack->storm_ms = number_of("CIQ_ATTACK_SECONDS", SECONDS) * 1000 / (2 * STORMS);
    fleet_new(&attack->fleet);
    process_start(&attack->process, &attack->fleet.database, attack->fleet.apps, options);

    CiqClient *platform = process_operator(&attack->process);

    tenant_new(platform, "alpha");
    tenant_new(platform, "beta");
    ciq_client_free(platform);
    database_value(&attack->fleet.database,
                   "insert into alpha.users_customuser (email, job_title, department) "
                   "select 'person' || i || '@alpha.example', repeat('x', 100), repeat('y', 100) "
                   "from generate_series(1, %d) i",
                   USERS);
    there.url = attack->process.url;
    token_new(&there, "alpha", world_email, attack->busy);
    attack->first = server_holds(attack->process.pid);
    (void) signal(SIGPIPE, SIG_IGN); /* a peer's connection may end at any time */
    *state = attack;
    return 0;
}

static int
attack_teardown(void **state)
{
    Attack *attack = *state;

    process_stop(&attack->process);
    fleet_free(&attack->fleet);
    free(attack);
    return 0;
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_attack__leaves_others_alone),
    };

    return run_cases(tests, attack_setup, attack_teardown);
}
