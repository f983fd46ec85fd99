/* Bytes in, messages out.  Memory for a message grows with the bytes that come, not with what a
 * peer announces; and since passwords and tokens are in them, bytes are wiped where they are left.
 */
#include "serve/frame.h"
#include "base/secret.h"
#include "proto/wire.h"

#include <stdlib.h>
#include <string.h>

enum { LENGTH = 8, MESSAGE_BYTE = 1 };

const uint8_t frame_hello[FRAME_HELLO] = {0, 'S', 'P', 0, 0, 0x31, 0, 0};

static const uint8_t hello_of_req[FRAME_HELLO] = {0, 'S', 'P', 0, 0, 0x30, 0, 0};

static size_t
prefix_size(bool is_ipc)
{
    return (is_ipc ? 1 : 0) + LENGTH;
}

static void
block_free(FrameReader *reader)
{
    if (reader->block != NULL)
        secret_wipe(reader->block, reader->block_have);
    free(reader->block);
    reader->block = NULL;
}

bool
frame_room(FrameReader *reader, void **at, size_t *size)
{
    if (reader->block != NULL) {
        if (reader->block_have == reader->block_room) {
            size_t room = reader->block_room * 2;
            uint8_t *block;

            if (room > reader->block_size)
                room = reader->block_size;
            block = malloc(room);
            if (block == NULL)
                return false;
            memcpy(block, reader->block, reader->block_have);
            block_free(reader);
            reader->block = block;
            reader->block_room = room;
        }
        *at = reader->block + reader->block_have;
        *size = reader->block_room - reader->block_have;
        return true;
    }
    if (reader->buffer == NULL && (reader->buffer = malloc(FRAME_BUFFER)) == NULL)
        return false;
    if (reader->first > 0) {
        size_t left = reader->end - reader->first;

        memmove(reader->buffer, reader->buffer + reader->first, left);
        secret_wipe(reader->buffer + left, reader->first);
        reader->first = 0;
        reader->end = left;
    }
    *at = reader->buffer + reader->end;
    *size = FRAME_BUFFER - reader->end;
    return true;
}

void
frame_received(FrameReader *reader, size_t size)
{
    if (reader->block != NULL)
        reader->block_have += size;
    else
        reader->end += size;
}

/* Parts words and message of a frame. */
static FrameResult
frame_part(const uint8_t *data, size_t size, Frame *frame)
{
    bool last = false;

    frame->words_size = 0;
    while (!last) {
        if (size - frame->words_size < FRAME_WORD)
            return FRAME_WRONG;
        if (frame->words_size == sizeof frame->words)
            return FRAME_SKIPPED;
        last = (data[frame->words_size] & 0x80) != 0;
        frame->words_size += FRAME_WORD;
    }
    memcpy(frame->words, data, frame->words_size);
    frame->data = data + frame->words_size;
    frame->size = size - frame->words_size;
    return frame->size <= WIRE_MESSAGE_MAX ? FRAME_WHOLE : FRAME_WRONG;
}

/* Begins a block for a frame that does not fit into the buffer, with what has come of it. */
static bool
block_begin(FrameReader *reader, const uint8_t *data, size_t have, size_t size)
{
    size_t room = size < 2 * FRAME_BUFFER ? size : 2 * FRAME_BUFFER;

    reader->block = malloc(room);
    if (reader->block == NULL)
        return false;
    memcpy(reader->block, data, have);
    reader->block_have = have;
    reader->block_size = size;
    reader->block_room = room;
    reader->first = reader->end; /* wiped when the buffer is used again */
    return true;
}

/* The frame of which all bytes are in the block. */
static FrameResult
block_next(FrameReader *reader, Frame *frame)
{
    FrameResult result;

    if (reader->block_have < reader->block_size)
        return FRAME_MORE;
    result = frame_part(reader->block, reader->block_size, frame);
    if (result == FRAME_WHOLE) {
        frame->block = reader->block;
        reader->block = NULL;
    } else {
        block_free(reader);
    }
    return result;
}

static FrameResult
read_hello(FrameReader *reader)
{
    if (reader->end - reader->first < FRAME_HELLO)
        return FRAME_MORE;
    if (memcmp(reader->buffer + reader->first, hello_of_req, FRAME_HELLO) != 0)
        return FRAME_WRONG;
    reader->first += FRAME_HELLO;
    reader->greeted = true;
    return FRAME_WHOLE;
}

FrameResult
frame_next(FrameReader *reader, Frame *frame)
{
    size_t prefix = prefix_size(reader->is_ipc);

    frame->block = NULL;
    if (!reader->greeted) {
        FrameResult result = read_hello(reader);

        if (result != FRAME_WHOLE)
            return result;
    }
    if (reader->block != NULL)
        return block_next(reader, frame);
    if (reader->end - reader->first < prefix)
        return FRAME_MORE;

    const uint8_t *at = reader->buffer + reader->first;
    size_t have = reader->end - reader->first - prefix;
    uint64_t size = 0;

    for (size_t i = prefix - LENGTH; i < prefix; i++)
        size = size << 8 | at[i];
    if ((reader->is_ipc && at[0] != MESSAGE_BYTE) || size < FRAME_WORD ||
        size > WIRE_MESSAGE_MAX + FRAME_WORDS_MAX * FRAME_WORD)
        return FRAME_WRONG;
    if (have < size && size > FRAME_BUFFER - prefix)
        return block_begin(reader, at + prefix, have, (size_t) size) ? FRAME_MORE : FRAME_NO_MEMORY;
    if (have < size)
        return FRAME_MORE;
    reader->first += prefix + (size_t) size;
    return frame_part(at + prefix, (size_t) size, frame);
}

bool
frame_is_unfinished(const FrameReader *reader)
{
    return !reader->greeted || reader->block != NULL || reader->end > reader->first;
}

size_t
frame_held(const FrameReader *reader)
{
    return reader->block != NULL ? reader->block_room : 0;
}

void
frame_reset(FrameReader *reader)
{
    if (reader->buffer != NULL)
        secret_wipe(reader->buffer, reader->end);
    free(reader->buffer);
    block_free(reader);
    *reader = (FrameReader){.is_ipc = reader->is_ipc};
}

size_t
frame_head(bool is_ipc, const uint8_t *words, size_t words_size, size_t size,
           uint8_t head[FRAME_HEAD_MAX])
{
    size_t prefix = prefix_size(is_ipc), length = words_size + size;

    if (is_ipc)
        head[0] = MESSAGE_BYTE;
    for (size_t i = 0; i < LENGTH; i++)
        head[prefix - 1 - i] = (uint8_t) (length >> 8 * i);
    memcpy(head + prefix, words, words_size);
    return prefix + words_size;
}
