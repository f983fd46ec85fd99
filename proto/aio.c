/* The only file that may call nng_sleep_aio (tools/rooms).  */
#include "proto/aio.h"
#include "proto/message.h"

#include <stdlib.h>

struct AioPause {
    nng_aio *aio;
    void (*over)(void *argument, int error);
    void *argument;
};

int
aio_sent(nng_aio *aio)
{
    int error = nng_aio_result(aio);
    nng_msg *message = nng_aio_get_msg(aio);

    /* nng takes the message of a send that succeeds */
    if (message != NULL) {
        message_free(message);
        nng_aio_set_msg(aio, NULL);
        if (error == 0)
            error = NNG_ETIMEDOUT;
    }
    return error;
}

int
aio_received(nng_aio *aio, nng_msg **message)
{
    int error = nng_aio_result(aio);

    if (error != 0)
        return error;
    *message = nng_aio_get_msg(aio);
    nng_aio_set_msg(aio, NULL);
    return *message != NULL ? 0 : NNG_ETIMEDOUT;
}

static void
pause_over(void *argument)
{
    AioPause *pause = argument;

    pause->over(pause->argument, nng_aio_result(pause->aio));
}

AioPause *
aio_pause_new(void (*over)(void *argument, int error), void *argument)
{
    AioPause *pause = calloc(1, sizeof *pause);

    if (pause == NULL)
        return NULL;
    pause->over = over;
    pause->argument = argument;
    if (nng_aio_alloc(&pause->aio, pause_over, pause) == 0)
        return pause;
    free(pause);
    return NULL;
}

void
aio_pause_free(AioPause *pause)
{
    if (pause == NULL)
        return;
    nng_aio_stop(pause->aio);
    nng_aio_free(pause->aio);
    free(pause);
}

void
aio_pause_begin(AioPause *pause, int64_t pause_ms)
{
    nng_sleep_aio((nng_duration) pause_ms, pause->aio);
}

void
aio_pause_cancel(AioPause *pause)
{
    nng_aio_cancel(pause->aio);
}
