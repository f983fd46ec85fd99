/* For whom a request is, by the host that it was sent to, and from whom it is: behind a proxy that
 * is trusted the proxy says both.  */
#ifndef CIQ_SERVER_HTTP_HOSTS_H
#define CIQ_SERVER_HTTP_HOSTS_H

#include "call/call.h"
#include "http/head.h"

typedef struct Hosts Hosts;

/* As the settings say.  NULL: reason says which of them is wrong. */
MUST_CHECK Hosts *hosts_new(const Config *config, char *reason, size_t size);
void hosts_free(Hosts *hosts); /* NULL is fine */

typedef struct HostsAnswer {
    char tenant[WIRE_TENANT_MAX + 1]; /* as in an envelope; "": the platform */
    unsigned status;                  /* 0: it is fine; otherwise it is refused with the words */
    const char *words;
} HostsAnswer;

/* Where the peer is a trusted proxy, *peer becomes who it says has asked. */
void hosts_find(const Hosts *hosts, const Head *head, Peer *peer, HostsAnswer *answer);

#endif
