/* The only file that calls c-ares.  A resolver lives for one round of questions, so that what the
 * system's configuration says is always the newest, and nothing of a lost answer stays.  */
#include "tenant/dns.h"
#include "base/clock.h"

#include <ares.h>
#include <arpa/nameser.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum {
    TRIES = 2,                        /* of each server; the second waits twice as long */
    ROUND_MAX_MS = 1000,              /* between two looks at what c-ares wants done */
    SOCKETS = ARES_GETSOCK_MAXNUM - 1 /* its macro shifts into the sign bit for the last one */
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int library_status;

static void
start_library(void)
{
    library_status = ares_library_init(ARES_LIB_INIT_ALL);
}

static bool
open_channel(const char *server, int64_t timeout_ms, ares_channel *channel)
{
    struct ares_options options = {.timeout = (int) (timeout_ms / (TRIES * 2)), .tries = TRIES};

    pthread_once(&once, start_library);
    if (library_status != ARES_SUCCESS ||
        ares_init_options(channel, &options, ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES) != ARES_SUCCESS)
        return false;
    if (server[0] == '\0' || ares_set_servers_ports_csv(*channel, server) == ARES_SUCCESS)
        return true;
    ares_destroy(*channel);
    return false;
}

bool
dns_server_is_valid(const char *server)
{
    ares_channel channel;

    if (strchr(server, ',') != NULL || !open_channel(server, ROUND_MAX_MS, &channel))
        return false;
    ares_destroy(channel);
    return true;
}

/* ---- one answer ---- */

static void
conclude(DnsQuestion *question, DnsResult result, const char *text)
{
    question->result = result;
    snprintf(question->text, sizeof question->text, "%s", text);
}

/* A record of more than 255 bytes comes in several strings, which are one value. */
static size_t
count_matches(const struct ares_txt_ext *records, const char *value, size_t *matches)
{
    size_t count = 0, size = strlen(value), at = 0;
    bool equal = false;

    *matches = 0;
    for (const struct ares_txt_ext *part = records; part != NULL; part = part->next) {
        if (part->record_start != 0) {
            count++;
            at = 0;
            equal = true;
        }
        equal =
            equal && at + part->length <= size && memcmp(value + at, part->txt, part->length) == 0;
        at += part->length;
        if (part->next == NULL || part->next->record_start != 0)
            *matches += equal && at == size;
    }
    return count;
}

static void
read_answer(DnsQuestion *question, const unsigned char *answer, int size)
{
    struct ares_txt_ext *records = NULL;
    char text[DNS_TEXT_SIZE];
    int status = ares_parse_txt_reply_ext(answer, size, &records);
    size_t matches, count = count_matches(records, question->value, &matches);

    if (status == ARES_ENODATA) {
        conclude(question, DNS_MISSING, "there is no TXT record of this name");
    } else if (status != ARES_SUCCESS) {
        conclude(question, DNS_UNKNOWN, "the DNS server's answer cannot be read");
    } else if (matches > 0) {
        conclude(question, DNS_FOUND, "the record is there");
    } else if (count == 0) {
        conclude(question, DNS_MISSING, "there is no TXT record of this name");
    } else {
        snprintf(text, sizeof text, "of %zu TXT records of this name none has the value", count);
        conclude(question, DNS_MISSING, text);
    }
    ares_free_data(records);
}

static void
take_answer(void *argument, int status, int timeouts UNUSED, unsigned char *answer, int size)
{
    DnsQuestion *question = argument;
    char text[DNS_TEXT_SIZE];

    switch (status) {
    case ARES_SUCCESS:
        read_answer(question, answer, size);
        return;
    case ARES_ENOTFOUND:
        conclude(question, DNS_MISSING, "there is no such name");
        return;
    case ARES_ENODATA:
        conclude(question, DNS_MISSING, "there is no TXT record of this name");
        return;
    case ARES_ETIMEOUT:
    case ARES_ECANCELLED:
        conclude(question, DNS_UNKNOWN, "the DNS server did not answer in time");
        return;
    case ARES_ESERVFAIL:
    case ARES_EREFUSED:
    case ARES_ENOTIMP:
    case ARES_ECONNREFUSED:
        conclude(question, DNS_UNKNOWN, "no DNS server has an answer");
        return;
    default:
        snprintf(text, sizeof text, "DNS: %.100s", ares_strerror(status));
        conclude(question, DNS_UNKNOWN, text);
    }
}

/* ---- all of them ---- */

/* One wait for whatever c-ares waits for.  False: nothing is under way any more, or it is time to
 * stop. */
static bool
dns_process(ares_channel channel, int64_t left_ms, const int *stop_fd)
{
    ares_socket_t sockets[SOCKETS];
    struct pollfd descriptors[SOCKETS + 1];
    int wanted = ares_getsock(channel, sockets, SOCKETS);
    struct timeval most = {.tv_sec = left_ms / 1000, .tv_usec = left_ms % 1000 * 1000}, wait;
    nfds_t count = 0;

    for (int i = 0; i < SOCKETS; i++) {
        short events = (short) ((ARES_GETSOCK_READABLE(wanted, i) ? POLLIN : 0) |
                                (ARES_GETSOCK_WRITABLE(wanted, i) ? POLLOUT : 0));

        if (events != 0)
            descriptors[count++] = (struct pollfd){.fd = sockets[i], .events = events};
    }
    if (count == 0)
        return false;
    descriptors[count] = (struct pollfd){.fd = stop_fd == NULL ? -1 : *stop_fd, .events = POLLIN};

    struct timeval *next = ares_timeout(channel, &most, &wait);

    (void) poll(descriptors, count + 1, (int) (next->tv_sec * 1000 + next->tv_usec / 1000 + 1));
    if (descriptors[count].revents != 0)
        return false;
    /* also those of which nothing came: their time may be over */
    ares_process_fd(channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    for (nfds_t i = 0; i < count; i++)
        if (descriptors[i].revents != 0)
            ares_process_fd(
                channel,
                (descriptors[i].events & POLLIN) != 0 ? descriptors[i].fd : ARES_SOCKET_BAD,
                (descriptors[i].events & POLLOUT) != 0 ? descriptors[i].fd : ARES_SOCKET_BAD);
    return true;
}

void
dns_find_txt(const char *server, int64_t timeout_ms, const int *stop_fd, DnsQuestion *questions,
             size_t count)
{
    int64_t until_us = clock_us() + timeout_ms * 1000, left_us;
    ares_channel channel;

    for (size_t i = 0; i < count; i++)
        conclude(&questions[i], DNS_UNKNOWN, "the DNS server did not answer in time");
    if (!open_channel(server, timeout_ms, &channel)) {
        for (size_t i = 0; i < count; i++)
            conclude(&questions[i], DNS_UNKNOWN, "there is no DNS server to ask");
        return;
    }
    for (size_t i = 0; i < count; i++)
        ares_query(channel, questions[i].name, ns_c_in, ns_t_txt, take_answer, &questions[i]);
    while ((left_us = until_us - clock_us()) > 0 &&
           dns_process(channel, left_us / 1000 < ROUND_MAX_MS ? left_us / 1000 + 1 : ROUND_MAX_MS,
                       stop_fd))
        ;
    /* whoever still waits is told so */
    ares_destroy(channel);
}
