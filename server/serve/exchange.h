/* One request between its receipt and its reply, whichever transport brought it.  Intake, queue and
 * workers see nothing else of a transport; a transport embeds it in a struct of its own.  */
#ifndef CIQ_SERVER_EXCHANGE_H
#define CIQ_SERVER_EXCHANGE_H

#include "call/call.h"
#include "serve/queue.h"

typedef struct Exchange Exchange;

/* What a transport can do.  Any thread may call, and nothing blocks. */
typedef struct ExchangeOps {
    /* Packs the reply and sends it after pause_ms (0: at once).  From here on the exchange belongs
     * to the transport again. */
    void (*reply)(Exchange *exchange, const Reply *reply, uint32_t pause_ms);
    /* The same without a reply, for a caller who is gone. */
    void (*drop)(Exchange *exchange);
    /* Nobody would get a reply.  It may become true at any time, and stays so. */
    bool (*is_gone)(const Exchange *exchange);
} ExchangeOps;

/* The transport fills it in, but for what is the intake's. */
struct Exchange {
    Ticket ticket; /* the intake's */
    const ExchangeOps *ops;
    const Peer *peer;
    const uint8_t *data; /* the packed Request */
    size_t size;
    int64_t receive_us;
    bool is_accepted; /* the intake's: a drain waits for it, so intake_answered must be called */
};

static inline Exchange *
exchange_of(Ticket *ticket)
{
    return (Exchange *) (void *) ticket; /* its first member */
}

static inline void
exchange_reply(Exchange *exchange, const Reply *reply, uint32_t pause_ms)
{
    exchange->ops->reply(exchange, reply, pause_ms);
}

static inline void
exchange_drop(Exchange *exchange)
{
    exchange->ops->drop(exchange);
}

static inline bool
exchange_is_gone(const Exchange *exchange)
{
    return exchange->ops->is_gone(exchange);
}

#endif
