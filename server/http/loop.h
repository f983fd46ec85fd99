/* A thread that waits for sockets, by libevent.  Whatever belongs to a loop is touched on its
 * thread alone; other threads send it letters.  */
#ifndef CIQ_SERVER_HTTP_LOOP_H
#define CIQ_SERVER_HTTP_LOOP_H

#include "base/compiler.h"

#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct Loop Loop;

/* Embedded in what it is about, which lives until it was opened. */
typedef struct Letter Letter;
struct Letter {
    void (*open)(Letter *letter); /* on the loop's thread */
    Letter *next;                 /* the loop's */
    int64_t due_us;               /* the loop's */
};

/* Once, before the first loop: what libevent frees is overwritten first, since it may have been a
 * password. */
void loop_init(void);

/* tick is called ten times a second; NULL: nothing to do then.  NULL: no memory, descriptor or
 * thread. */
MUST_CHECK Loop *loop_start(void (*tick)(void *of), void *of);

struct event_base *loop_base(const Loop *loop);

/* Any thread: the letter is opened after pause_ms (0: at once), or earlier if the loop stops. */
void loop_post(Loop *loop, Letter *letter, uint32_t pause_ms);

/* Whether this is its thread. */
bool loop_is_here(const Loop *loop);

/* Opens all letters, ends the thread and frees it; by then nobody sends any.  NULL is fine. */
void loop_stop(Loop *loop);

#endif
