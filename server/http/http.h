/* HTTP: the way to the same calls for browsers, curl and every language.  Lets in, serves, and ends
 * what --http asks for.  */
#ifndef CIQ_SERVER_HTTP_HTTP_H
#define CIQ_SERVER_HTTP_HTTP_H

#include "serve/intake.h"
#include "serve/listener.h"

typedef struct Http Http;

/* What it shows to those who watch. */
typedef struct HttpWatched {
    Queue *const *queues; /* by lane */
    Listener *listener;
    bool has_heartbeat; /* see AdminPlace */
} HttpWatched;

/* As the settings say; nothing where they say nothing.  NULL: reason says why not. */
MUST_CHECK Http *http_start(Core *core, Intake *intake, const HttpWatched *watched, char *reason,
                            size_t size);

/* Closes everything and frees it; by then no worker may hold an exchange.  NULL is fine. */
void http_stop(Http *http);

/* Whether the settings are right as far as they can be read alone. */
MUST_CHECK bool http_check(const Config *config, char *reason, size_t size);

/* Where it listens for calls, and for those who watch: "http://127.0.0.1:7480".  NULL: nowhere. */
const char *http_url(const Http *http);
const char *http_admin_url(const Http *http);

#endif
