/* What a DNS server may answer, by a server that says what the test wants: only an answer of
 * somebody who knows decides anything.  */
#include "harness/harness.h"

#include "server/tenant/dns.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

enum { RCODE_SERVFAIL = 2, RCODE_NXDOMAIN = 3, RCODE_REFUSED = 5, TIMEOUT_MS = 800 };

static const char name[] = "_clientiq-challenge.app.acmecorp.com";
static const char value[] = "clientiq-verify=0123456789abcdef";

/* One server on a port that the kernel picks; answers until it is stopped. */
typedef struct Liar {
    int socket;
    char address[32];
    pthread_t thread;
    atomic_bool stop;
    atomic_int asked;
    int rcode;
    bool silent, garbage, cut, another_id;
    const char *alias;          /* a CNAME to this name before the records */
    const char *const *records; /* TXT values, "|" between the strings of one; ended by NULL */
} Liar;

static size_t
put_name(uint8_t *at, const char *text)
{
    size_t size = 0;

    while (*text != '\0') {
        size_t label = strcspn(text, ".");

        at[size++] = (uint8_t) label;
        memcpy(at + size, text, label);
        size += label;
        text += label + (text[label] == '.');
    }
    at[size++] = 0;
    return size;
}

static size_t
put_head(uint8_t *at, const char *owner, uint8_t type)
{
    size_t size = put_name(at, owner);

    memcpy(at + size, (uint8_t[]){0, type, 0, 1, 0, 0, 0, 0}, 8);
    return size + 8;
}

static size_t
put_txt(uint8_t *at, const char *owner, const char *text)
{
    size_t size = put_head(at, owner, 16), start = size + 2;
    size_t end = start;

    while (*text != '\0') {
        size_t part = strcspn(text, "|");

        at[end++] = (uint8_t) part;
        memcpy(at + end, text, part);
        end += part;
        text += part + (text[part] == '|');
    }
    at[size] = (uint8_t) ((end - start) >> 8);
    at[size + 1] = (uint8_t) (end - start);
    return end;
}

static size_t
answer(const Liar *liar, uint8_t *message, size_t size)
{
    const char *owner = liar->alias != NULL ? liar->alias : name;
    uint8_t count = 0;

    if (liar->garbage) {
        memset(message + 12, 0xff, size - 12);
        message[2] |= 0x80;
        message[7] = 1;
        return size;
    }
    message[0] ^= (uint8_t) liar->another_id;
    message[2] |= (uint8_t) (0x80 | (liar->cut ? 0x02 : 0));
    message[3] = (uint8_t) (0x80 | liar->rcode);
    memset(message + 6, 0, 6);
    size = 12 + put_name((uint8_t[300]){0}, name) + 4; /* without an OPT record */
    if (liar->alias != NULL) {
        size_t start = size + put_head(message + size, name, 5);
        size_t length = put_name(message + start + 2, liar->alias);

        message[start] = 0;
        message[start + 1] = (uint8_t) length;
        size = start + 2 + length;
        count++;
    }
    for (const char *const *record = liar->records; record != NULL && *record != NULL; record++) {
        size += put_txt(message + size, owner, *record);
        count++;
    }
    message[7] = count;
    return size;
}

static void *
serve(void *argument)
{
    Liar *liar = argument;
    struct pollfd descriptor = {.fd = liar->socket, .events = POLLIN};

    while (!liar->stop) {
        uint8_t message[4096];
        struct sockaddr_in from;
        socklen_t from_size = sizeof from;

        if (poll(&descriptor, 1, 20) <= 0)
            continue;

        ssize_t size =
            recvfrom(liar->socket, message, 512, 0, (struct sockaddr *) &from, &from_size);

        liar->asked++;
        if (size >= 12 && !liar->silent)
            (void) sendto(liar->socket, message, answer(liar, message, (size_t) size), 0,
                          (struct sockaddr *) &from, from_size);
    }
    return NULL;
}

static DnsQuestion
ask(Liar *liar)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    DnsQuestion question = {.name = name, .value = value};

    liar->socket = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(liar->socket, (struct sockaddr *) &address, size), 0);
    assert_int_equal(getsockname(liar->socket, (struct sockaddr *) &address, &size), 0);
    snprintf(liar->address, sizeof liar->address, "127.0.0.1:%d", ntohs(address.sin_port));
    assert_int_equal(pthread_create(&liar->thread, NULL, serve, liar), 0);
    dns_find_txt(liar->address, TIMEOUT_MS, NULL, &question, 1);
    liar->stop = true;
    pthread_join(liar->thread, NULL);
    close(liar->socket);
    assert_true(liar->asked > 0);
    return question;
}

static void
assert_answer(Liar liar, DnsResult result, const char *text)
{
    DnsQuestion question = ask(&liar);

    if (question.result != result || strstr(question.text, text) == NULL)
        fail_msg("got %d: %s, expected %d: %s", question.result, question.text, result, text);
}

#define RECORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void
test_dns__found(void **state)
{
    (void) state;
    assert_answer((Liar){.records = RECORDS(value)}, DNS_FOUND, "the record is there");
    assert_answer((Liar){.records = RECORDS("v=spf1 -all", value, "other")}, DNS_FOUND, "");
    assert_answer((Liar){.records = RECORDS("clientiq-verify=|0123456789|abcdef")}, DNS_FOUND, "");
    assert_answer((Liar){.alias = "proof.elsewhere.example", .records = RECORDS("other", value)},
                  DNS_FOUND, "");
}

static void
test_dns__missing(void **state)
{
    (void) state;
    assert_answer((Liar){.rcode = RCODE_NXDOMAIN}, DNS_MISSING, "no such name");
    assert_answer((Liar){.records = NULL}, DNS_MISSING, "no TXT record");
    assert_answer((Liar){.alias = "proof.elsewhere.example"}, DNS_MISSING, "no TXT record");
    assert_answer((Liar){.records = RECORDS(
                             "clientiq-verify=0123456789abcde", "clientiq-verify=0123456789abcdef0",
                             " clientiq-verify=0123456789abcdef",
                             "Clientiq-Verify=0123456789ABCDEF", "clientiq-verify=")},
                  DNS_MISSING, "of 5 TXT records of this name none has the value");
    /* the value in pieces of several records is not there */
    assert_answer((Liar){.records = RECORDS("clientiq-verify=", "0123456789abcdef")}, DNS_MISSING,
                  "of 2");
}

/* Nothing of this says that the record is not there. */
static void
test_dns__unknown(void **state)
{
    (void) state;
    assert_answer((Liar){.rcode = RCODE_SERVFAIL}, DNS_UNKNOWN, "no DNS server has an answer");
    assert_answer((Liar){.rcode = RCODE_REFUSED}, DNS_UNKNOWN, "no DNS server has an answer");
    assert_answer((Liar){.silent = true}, DNS_UNKNOWN, "did not answer in time");
    assert_answer((Liar){.garbage = true, .records = RECORDS(value)}, DNS_UNKNOWN, "");
    assert_answer((Liar){.another_id = true, .records = RECORDS(value)}, DNS_UNKNOWN, "in time");
    /* it does not fit a datagram, and nobody listens for the rest */
    assert_answer((Liar){.cut = true, .records = RECORDS("other")}, DNS_UNKNOWN, "");
}

/* One that does not answer costs the others of its round nothing but the time. */
static void
test_dns__many_at_once(void **state)
{
    Liar liar = {.records = RECORDS(value)};
    DnsQuestion questions[16];

    (void) state;
    (void) ask(&liar); /* its socket is closed now: nobody is there */
    for (size_t i = 0; i < 16; i++)
        questions[i] = (DnsQuestion){.name = name, .value = value};
    dns_find_txt(liar.address, TIMEOUT_MS, NULL, questions, 16);
    for (size_t i = 0; i < 16; i++)
        assert_int_equal(questions[i].result, DNS_UNKNOWN);
    dns_find_txt("not an address", TIMEOUT_MS, NULL, questions, 16);
    assert_string_equal(questions[15].text, "there is no DNS server to ask");
}

static void
test_dns__names_that_are_none(void **state)
{
    Liar liar = {.records = RECORDS(value)};
    char long_name[400];
    DnsQuestion question = {.name = long_name, .value = value};

    (void) state;
    (void) ask(&liar);
    memset(long_name, 'a', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = '\0';
    dns_find_txt(liar.address, TIMEOUT_MS, NULL, &question, 1);
    assert_int_equal(question.result, DNS_UNKNOWN);
}

static void
test_dns__server_addresses(void **state)
{
    static const struct {
        const char *text;
        bool valid;
    } samples[] = {
        {"", true},
        {"127.0.0.1", true},
        {"127.0.0.1:5353", true},
        {"::1", true},
        {"[::1]:53", true},
        {"dns.example.com", false},
        {"127.0.0.1,127.0.0.2", false},
        {"300.1.1.1", false},
    };

    (void) state;
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++)
        if (dns_server_is_valid(samples[i].text) != samples[i].valid)
            fail_msg("%s", samples[i].text);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dns__found),
        cmocka_unit_test(test_dns__missing),
        cmocka_unit_test(test_dns__unknown),
        cmocka_unit_test(test_dns__many_at_once),
        cmocka_unit_test(test_dns__names_that_are_none),
        cmocka_unit_test(test_dns__server_addresses),
    };

    return run_cases(tests, NULL, NULL);
}
