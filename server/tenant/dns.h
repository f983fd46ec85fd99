/* Asking DNS for TXT records, several names at once.  Waits, so it is for jobs only, never for a
 * worker.  */
#ifndef CIQ_SERVER_DNS_H
#define CIQ_SERVER_DNS_H

#include "base/compiler.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum DnsResult {
    DNS_UNKNOWN, /* nobody who knows has answered: a time-out, a refusal, a failure of a server */
    DNS_MISSING, /* the record is not there */
    DNS_FOUND
} DnsResult;

enum { DNS_TEXT_SIZE = 120 };

/* One TXT record that is looked for; result and text (what was found, for people) are filled in. */
typedef struct DnsQuestion {
    const char *name, *value;
    DnsResult result;
    char text[DNS_TEXT_SIZE];
} DnsQuestion;

/* server: "192.0.2.1", "192.0.2.1:5353", "[2001:db8::1]:53"; "": the system's.  Returns after
 * timeout_ms at the latest, or when stop_fd (NULL: none) is readable. */
void dns_find_txt(const char *server, int64_t timeout_ms, const int *stop_fd,
                  DnsQuestion *questions, size_t count);

/* Whether the address of a DNS server can be read; "" can. */
MUST_CHECK bool dns_server_is_valid(const char *server);

#endif
