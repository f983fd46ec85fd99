/* Asynchronous operations of nng's, so that none of its faults can be met twice: a pause has an aio
 * of its own, and a result counts only together with what the aio holds.
 *
 * nng_sleep_aio leaves a flag in its aio that nothing takes back (1.5.2 to 1.12.0, src/core/aio.c,
 * a_expire_ok): from then on each time-out of that aio ends with the result 0.  */
#ifndef CIQ_PROTO_AIO_H
#define CIQ_PROTO_AIO_H

#include <nng/nng.h>
#include <stdint.h>

/* What became of a send: 0, or nng's error; the aio holds no message afterwards. */
int aio_sent(nng_aio *aio);

/* The same of a receive.  0: *message is the caller's. */
int aio_received(nng_aio *aio, nng_msg **message);

typedef struct AioPause AioPause;

/* over is called on a thread of nng's when a pause has ended: error is 0, or why it ended early.
 * NULL: no memory. */
AioPause *aio_pause_new(void (*over)(void *argument, int error), void *argument);

/* Waits until over has returned.  NULL is fine. */
void aio_pause_free(AioPause *pause);

/* One at a time. */
void aio_pause_begin(AioPause *pause, int64_t pause_ms);

/* Ends it with NNG_ECANCELED, if there is one. */
void aio_pause_cancel(AioPause *pause);

#endif
