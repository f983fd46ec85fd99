/* What conninfo says of these keywords gives way to what is said here.  libpq's own waits are by
 * the calendar, and without a bound where a server is silent, so only its steps are used.  */
#include "db/connect.h"
#include "base/clock.h"
#include "db/queries.h"

#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

enum {
    CONNECT_STEPS_MAX = 8, /* times step_ms: what an attempt may take, however many addresses */
    ADDRESS_MS = 2000,     /* for an address from which nothing comes back; then the next one */
    SILENT_MS = 10000,     /* what was sent may stay unanswered by the kernel of a machine for so
                              long: it has vanished */
    HOSTS_MAX = 8,
    LIST_SIZE = 1024, /* of the hosts in a conninfo */
    TURNED_MS = 60000 /* a host that was silent is not the first again before that */
};

/* False: it is not ready, and reason says why. */
static bool
wait_ready(int descriptor, short events, int64_t until_us, const int *stop_fd, char *reason,
           size_t size)
{
    struct pollfd descriptors[] = {{.fd = descriptor, .events = events},
                                   {.fd = stop_fd == NULL ? -1 : *stop_fd, .events = POLLIN}};

    for (;;) {
        int64_t left_us = until_us - clock_us();

        if (left_us <= 0) {
            snprintf(reason, size, "the database did not answer in time");
            return false;
        }

        int64_t left_ms = left_us / 1000 + 1;
        int ready = poll(descriptors, 2, left_ms > INT_MAX ? INT_MAX : (int) left_ms);

        if (ready > 0 && (descriptors[1].revents & POLLIN) != 0) {
            snprintf(reason, size, "the server stops");
            return false;
        }
        if (ready > 0)
            return true;
        if (ready < 0 && errno != EINTR) {
            snprintf(reason, size, "cannot wait for the database: %s", strerror(errno));
            return false;
        }
    }
}

/* ---- several hosts ---- */

/* The hosts of a conninfo, as far as it names several. */
typedef struct Hosts {
    char host[LIST_SIZE], address[LIST_SIZE], port[LIST_SIZE]; /* "": not given */
    size_t count;
} Hosts;

static size_t
count_words(const char *list)
{
    size_t count = 1;

    while ((list = strchr(list, ',')) != NULL) {
        count++;
        list++;
    }
    return count;
}

static void
read_hosts(const char *conninfo, Hosts *hosts)
{
    PQconninfoOption *options = PQconninfoParse(conninfo, NULL);

    *hosts = (Hosts){.count = 1};
    for (const PQconninfoOption *option = options; option != NULL && option->keyword != NULL;
         option++) {
        char *list = strcmp(option->keyword, "host") == 0       ? hosts->host
                     : strcmp(option->keyword, "hostaddr") == 0 ? hosts->address
                     : strcmp(option->keyword, "port") == 0     ? hosts->port
                                                                : NULL;

        if (list == NULL || option->val == NULL || strlen(option->val) >= LIST_SIZE)
            continue;
        snprintf(list, LIST_SIZE, "%s", option->val);
        if (list != hosts->port && count_words(list) > hosts->count)
            hosts->count = count_words(list);
    }
    PQconninfoFree(options);
    if (hosts->count > HOSTS_MAX)
        hosts->count = HOSTS_MAX;
}

/* "a,b,c" becomes "b,c,a"; a list of one stays as it is. */
static void
rotate_list(char list[LIST_SIZE])
{
    char rotated[LIST_SIZE];
    const char *rest = strchr(list, ',');

    if (rest == NULL)
        return;
    snprintf(rotated, sizeof rotated, "%s,%.*s", rest + 1, (int) (rest - list), list);
    memcpy(list, rotated, LIST_SIZE);
}

static void
rotate_hosts(Hosts *hosts)
{
    rotate_list(hosts->host);
    rotate_list(hosts->address);
    rotate_list(hosts->port);
}

/* Which host comes first, for every connection of the process: who asked a silent one has waited
 * for all.  The two are not one value: a connection that reads them while they change only asks
 * another host first. */
static _Atomic size_t first_host;
static _Atomic int64_t first_host_until_us;

static size_t
first_turns(const Hosts *hosts)
{
    return clock_us() < first_host_until_us ? first_host % hosts->count : 0;
}

static void
remember_first(size_t turns)
{
    first_host = turns;
    first_host_until_us = clock_us() + TURNED_MS * (int64_t) 1000;
}

static const char *
given(const char *list)
{
    return list[0] != '\0' ? list : NULL;
}

/* ---- one attempt ---- */

static PGconn *
start_attempt(const Connect *connect, const Hosts *hosts)
{
    const char *keywords[12] = {"dbname", "application_name", "client_encoding",
                                "tcp_user_timeout"};
    char address_ms[16];
    const char *values[12] = {connect->conninfo, connect->name, "UTF8", address_ms};
    const char *const more[][2] = {{"user", connect->user},
                                   {"host", given(hosts->host)},
                                   {"hostaddr", given(hosts->address)},
                                   {"port", given(hosts->port)}};
    size_t count = 4;

    snprintf(address_ms, sizeof address_ms, "%d", ADDRESS_MS);
    /* a list that was not turned is as conninfo has it */
    for (size_t i = 0; i < sizeof more / sizeof *more; i++)
        if (more[i][1] != NULL && (i == 0 || hosts->count > 1)) {
            keywords[count] = more[i][0];
            values[count++] = more[i][1];
        }
    keywords[count] = NULL;
    return PQconnectStartParams(keywords, values, 1);
}

/* Steps until it is connected.  *late: a step took too long. */
static bool
finish_attempt(const Connect *connect, PGconn *connection, bool *late, char *reason, size_t size)
{
    int64_t last_us = clock_us() + CONNECT_STEPS_MAX * connect->step_ms * 1000;
    PostgresPollingStatusType wanted = PGRES_POLLING_WRITING;

    *late = false;
    if (PQstatus(connection) == CONNECTION_BAD) {
        snprintf(reason, size, "%s", PQerrorMessage(connection));
        return false;
    }
    while (wanted != PGRES_POLLING_OK) {
        int64_t until_us = clock_us() + connect->step_ms * 1000;

        if (!wait_ready(PQsocket(connection), wanted == PGRES_POLLING_READING ? POLLIN : POLLOUT,
                        until_us < last_us ? until_us : last_us, connect->stop_fd, reason, size)) {
            *late = clock_us() >= until_us;
            return false;
        }
        wanted = PQconnectPoll(connection);
        if (wanted == PGRES_POLLING_FAILED) {
            snprintf(reason, size, "%s", PQerrorMessage(connection));
            return false;
        }
    }
    return true;
}

/* From here on a machine is given up later than while it is only tried. */
static void
set_socket(const PGconn *connection)
{
    unsigned silent_ms = SILENT_MS;
    struct sockaddr_storage peer;
    socklen_t size = sizeof peer;

    if (getpeername(PQsocket(connection), (struct sockaddr *) &peer, &size) == 0 &&
        peer.ss_family != AF_UNIX)
        (void) setsockopt(PQsocket(connection), IPPROTO_TCP, TCP_USER_TIMEOUT, &silent_ms,
                          sizeof silent_ms);
}

static void
ignore_notice(void *argument UNUSED, const PGresult *result UNUSED)
{
}

static bool
prepare_session(const Connect *connect, PGconn *connection, char *reason, size_t size)
{
    set_socket(connection);
    PQsetNoticeReceiver(connection, ignore_notice, NULL);
    if (PQsetnonblocking(connection, 1) != 0) {
        snprintf(reason, size, "%s", PQerrorMessage(connection));
        return false;
    }
    return connect->is_pooled ||
           connect_run(connection, script_session.text, clock_us() + connect->step_ms * 1000,
                       connect->stop_fd, NULL, reason, size);
}

PGconn *
connect_open(const Connect *connect, char *reason, size_t size)
{
    Hosts hosts;

    read_hosts(connect->conninfo, &hosts);

    size_t turns = first_turns(&hosts);

    for (size_t i = 0; i < turns; i++)
        rotate_hosts(&hosts);
    /* libpq goes on to the next host where one refuses; one that is silent is put last here */
    for (size_t i = 0; i < hosts.count; i++) {
        PGconn *connection = start_attempt(connect, &hosts);
        bool late = false;

        if (connection == NULL)
            snprintf(reason, size, "no memory");
        else if (finish_attempt(connect, connection, &late, reason, size) &&
                 prepare_session(connect, connection, reason, size)) {
            if (i > 0)
                remember_first((turns + i) % hosts.count);
            return connection;
        }
        PQfinish(connection);
        if (!late)
            break;
        rotate_hosts(&hosts);
    }
    return NULL;
}

/* ---- statements outside calls ---- */

/* The next result; *result NULL: there is none any more. */
static bool
next_result(PGconn *connection, int64_t until_us, const int *stop_fd, PGresult **result,
            char *reason, size_t size)
{
    for (;;) {
        int unsent = PQflush(connection);

        if (unsent < 0)
            break;
        if (PQisBusy(connection) == 0) {
            *result = PQgetResult(connection);
            return true;
        }
        if (!wait_ready(PQsocket(connection), (short) (unsent > 0 ? POLLIN | POLLOUT : POLLIN),
                        until_us, stop_fd, reason, size))
            return false;
        if (PQconsumeInput(connection) == 0)
            break;
    }
    snprintf(reason, size, "%s", PQerrorMessage(connection));
    return false;
}

bool
connect_run(PGconn *connection, const char *text, int64_t until_us, const int *stop_fd,
            PGresult **last, char *reason, size_t size)
{
    PGresult *kept = NULL, *result;
    bool ok = PQsendQuery(connection, text) == 1;

    if (!ok)
        snprintf(reason, size, "%s", PQerrorMessage(connection));
    while (ok && (ok = next_result(connection, until_us, stop_fd, &result, reason, size)) &&
           result != NULL) {
        ok =
            PQresultStatus(result) == PGRES_COMMAND_OK || PQresultStatus(result) == PGRES_TUPLES_OK;
        if (!ok)
            snprintf(reason, size, "%s", PQresultErrorMessage(result));
        PQclear(kept);
        kept = result;
    }
    if (ok && last != NULL) {
        *last = kept;
        return true;
    }
    PQclear(kept);
    return ok;
}
