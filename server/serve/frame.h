/* The bytes of nng's REQ/REP on a stream, as Scalability Protocols write them; knows no socket.
 *
 * Each side first says hello: 0 'S' 'P' 0, two bytes of its protocol, 0 0.  Then come frames: over
 * ipc:// a 1, everywhere 8 bytes of length, most significant first, and so many bytes.  These begin
 * with words of 4 bytes: one from each device that passed the message on, the last one, whose
 * highest bit is set, from who asked.  A reply begins with the same words.  */
#ifndef CIQ_SERVER_FRAME_H
#define CIQ_SERVER_FRAME_H

#include "base/compiler.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    FRAME_HELLO = 8,
    FRAME_WORD = 4,
    FRAME_WORDS_MAX = 8, /* as nng's own REP allows; what passed more devices is not answered */
    FRAME_HEAD_MAX = 1 + 8 + FRAME_WORDS_MAX * FRAME_WORD,
    FRAME_BUFFER = 16 * 1024 /* bytes of a connection that are read at a time; a frame that does
                                not fit is read into memory of its own */
};

/* What this side says first. */
extern const uint8_t frame_hello[FRAME_HELLO];

/* A whole message. */
typedef struct Frame {
    const uint8_t *data; /* without the words */
    size_t size;
    uint8_t words[FRAME_WORDS_MAX * FRAME_WORD];
    size_t words_size;
    uint8_t *block; /* NULL: data is the reader's until the next call; otherwise data is in this
                       block, which is the caller's and comes from malloc */
} Frame;

/* What has come of a stream and was not taken yet.  One thread at a time. */
typedef struct FrameReader {
    bool is_ipc;
    bool greeted;    /* the other side's hello was read */
    uint8_t *buffer; /* of FRAME_BUFFER bytes; NULL until frame_room */
    size_t first, end;
    uint8_t *block; /* a frame that does not fit into the buffer, without its length; NULL: none */
    size_t block_size, block_have, block_room;
} FrameReader;

typedef enum FrameResult {
    FRAME_WHOLE,
    FRAME_MORE,    /* bytes are missing */
    FRAME_SKIPPED, /* a message that has passed too many devices, which is not its sender's fault */
    FRAME_WRONG,   /* these are not the bytes of a REQ socket, or the message is too large */
    FRAME_NO_MEMORY
} FrameResult;

/* Where the next bytes go, and how many there is room for.  False: no memory. */
MUST_CHECK bool frame_room(FrameReader *reader, void **at, size_t *size);

/* So many bytes were put there. */
void frame_received(FrameReader *reader, size_t size);

/* Takes the next message out of what has come. */
MUST_CHECK FrameResult frame_next(FrameReader *reader, Frame *frame);

/* Whether the beginning of a hello or a message has come, and not its end. */
bool frame_is_unfinished(const FrameReader *reader);

/* Bytes of memory for an unfinished message, besides the buffer. */
size_t frame_held(const FrameReader *reader);

/* Frees what it holds. */
void frame_reset(FrameReader *reader);

/* Writes what stands before a reply of so many bytes, and returns its size. */
size_t frame_head(bool is_ipc, const uint8_t *words, size_t words_size, size_t size,
                  uint8_t head[FRAME_HEAD_MAX]);

#endif
