/* The bytes that wait to be sent on one connection, in blocks.  Small answers share a block, so
 * that many go out at once; a block that is being sent takes no more.  Guarded by its owner's lock.
 */
#ifndef CIQ_SERVER_ANSWERS_H
#define CIQ_SERVER_ANSWERS_H

#include "base/compiler.h"

#include <nng/nng.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    ANSWERS_IOV = 8,           /* blocks of one send: nng takes no more */
    ANSWERS_SEND = 256 * 1024, /* bytes at which a send takes no further block: each send has a time
                                  limit */
    ANSWERS_BLOCK = 4 * 1024   /* bytes of a block that is shared */
};

typedef struct AnswerBlock AnswerBlock;
struct AnswerBlock {
    AnswerBlock *next;
    size_t room, used, sent;
    size_t answers, accepted; /* in it, and how many of them a drain waits for */
    bool sealed;
    uint8_t data[];
};

typedef struct Answers {
    AnswerBlock *first, **last;
    size_t bytes; /* of memory */
} Answers;

typedef struct AnswersDone {
    size_t answers, accepted;
} AnswersDone;

void answers_init(Answers *answers);

/* Room of so many bytes in a block that is shared, already counted as used.  NULL: no memory. */
MUST_CHECK uint8_t *answers_room(Answers *answers, size_t size, bool is_accepted);

/* A block for one answer; NULL: no memory.  It is the caller's until it is appended, or freed. */
MUST_CHECK AnswerBlock *answers_block(size_t size, bool is_accepted);
void answers_append(Answers *answers, AnswerBlock *block);

/* What it takes of memory. */
size_t answers_block_bytes(const AnswerBlock *block);

/* What a send takes; returns how many parts.  0: nothing waits. */
unsigned answers_take(Answers *answers, nng_iov parts[ANSWERS_IOV]);

/* So many bytes of it were sent; blocks that are gone are freed and added to done. */
void answers_sent(Answers *answers, size_t size, AnswersDone *done);

/* Frees all; none of them will be sent. */
void answers_clear(Answers *answers, AnswersDone *done);

#endif
