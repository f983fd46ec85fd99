/* A list of blocks: sent at its front, filled at its end.  */
#include "serve/answers.h"
#include "base/secret.h"

#include <stdlib.h>

void
answers_init(Answers *answers)
{
    *answers = (Answers){.last = &answers->first};
}

static AnswerBlock *
block_new(size_t room)
{
    AnswerBlock *block = malloc(sizeof *block + room);

    if (block != NULL)
        *block = (AnswerBlock){.room = room};
    return block;
}

AnswerBlock *
answers_block(size_t size, bool is_accepted)
{
    AnswerBlock *block = block_new(size);

    if (block != NULL) {
        block->used = size;
        block->answers = 1;
        block->accepted = is_accepted;
    }
    return block;
}

size_t
answers_block_bytes(const AnswerBlock *block)
{
    return sizeof *block + block->room;
}

void
answers_append(Answers *answers, AnswerBlock *block)
{
    *answers->last = block;
    answers->last = &block->next;
    answers->bytes += answers_block_bytes(block);
}

static AnswerBlock *
last_block(const Answers *answers)
{
    if (answers->first == NULL)
        return NULL;
    return (AnswerBlock *) (void *) ((char *) answers->last - offsetof(AnswerBlock, next));
}

uint8_t *
answers_room(Answers *answers, size_t size, bool is_accepted)
{
    AnswerBlock *block = last_block(answers);
    uint8_t *room;

    if (block == NULL || block->sealed || block->room - block->used < size) {
        block = block_new(size > ANSWERS_BLOCK ? size : ANSWERS_BLOCK);
        if (block == NULL)
            return NULL;
        answers_append(answers, block);
    }
    room = block->data + block->used;
    block->used += size;
    block->answers++;
    block->accepted += is_accepted;
    return room;
}

unsigned
answers_take(Answers *answers, nng_iov parts[ANSWERS_IOV])
{
    unsigned count = 0;
    size_t size = 0;

    for (AnswerBlock *block = answers->first;
         block != NULL && count < ANSWERS_IOV && size < ANSWERS_SEND; block = block->next) {
        block->sealed = true;
        parts[count].iov_buf = block->data + block->sent;
        parts[count++].iov_len = block->used - block->sent;
        size += block->used - block->sent;
    }
    return count;
}

static void
block_end(Answers *answers, AnswersDone *done)
{
    AnswerBlock *block = answers->first;

    answers->first = block->next;
    if (answers->first == NULL)
        answers->last = &answers->first;
    answers->bytes -= answers_block_bytes(block);
    done->answers += block->answers;
    done->accepted += block->accepted;
    secret_wipe(block->data, block->used); /* tokens are in it */
    free(block);
}

void
answers_sent(Answers *answers, size_t size, AnswersDone *done)
{
    while (answers->first != NULL && answers->first->sealed) {
        AnswerBlock *block = answers->first;
        size_t left = block->used - block->sent;

        if (size < left) {
            block->sent += size;
            return;
        }
        size -= left;
        block_end(answers, done);
    }
}

void
answers_clear(Answers *answers, AnswersDone *done)
{
    while (answers->first != NULL)
        block_end(answers, done);
}
