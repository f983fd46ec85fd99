/* nng's side of the server: receives in callbacks that never block, refuses calls when the queues
 * are full, and sends replies with a time limit, so that a peer that never reads cannot hold a
 * context for ever.  */
#ifndef CIQ_SERVER_LISTENER_H
#define CIQ_SERVER_LISTENER_H

#include "call/call.h"
#include "serve/queue.h"

typedef struct Listener Listener;

/* One request between its receipt and its reply. */
typedef struct Exchange Exchange;

/* Listens on every URL (separated by commas); at most calls_max calls may be queued or served at
 * once.  NULL: reason says which URL failed and why. */
MUST_CHECK Listener *listener_start(Core *core, Queue *const queues[LANE_COUNT], size_t calls_max,
                                    const char *urls, char *reason, size_t size);

/* Refuses new calls with UNAVAILABLE from now on, and waits until those that were accepted are
 * answered, at most drain_ms. */
void listener_drain(Listener *listener, int64_t drain_ms);

/* Closes the sockets and frees everything; by then no worker may hold an exchange. */
void listener_stop(Listener *listener);

/* See server_url. */
MUST_CHECK bool listener_url(const Listener *listener, const char *scheme, char *url, size_t size);

/* For workers: the exchange of a ticket, its message, and its answer. */
Exchange *exchange_of(Ticket *ticket);
const uint8_t *exchange_data(const Exchange *exchange, size_t *size);
int64_t exchange_receive_us(const Exchange *exchange);
void exchange_peer(const Exchange *exchange, Peer *peer);
/* Packs the reply and sends it after pause_ms (0: at once).  From here on the exchange belongs to
 * the listener again. */
void exchange_reply(Exchange *exchange, const Reply *reply, uint32_t pause_ms);

#endif
