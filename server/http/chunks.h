/* A body in chunks (RFC 9112, 7.1), read as it arrives.  Extensions of chunks and fields behind the
 * last one are passed over, within bounds.  Pure functions over bytes.  */
#ifndef CIQ_SERVER_HTTP_CHUNKS_H
#define CIQ_SERVER_HTTP_CHUNKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    CHUNKS_LINE_MAX = 256,    /* bytes of a line with a size */
    CHUNKS_TRAILER_MAX = 4096 /* bytes of the fields behind the last chunk */
};

typedef enum ChunksAnswer {
    CHUNKS_MORE, /* all that came is read, and more must come */
    CHUNKS_DATA, /* *data is the next piece of the body; call again with what is left */
    CHUNKS_END,  /* the body is whole */
    CHUNKS_WRONG
} ChunksAnswer;

/* All zero at first. */
typedef struct Chunks {
    enum { CHUNKS_SIZE, CHUNKS_PIECE, CHUNKS_PIECE_END, CHUNKS_TRAILER } state;
    uint64_t left;     /* bytes of the piece */
    size_t line;       /* bytes of the line so far */
    size_t digits;     /* of a size */
    size_t trailer;    /* bytes of all lines behind the last chunk */
    bool in_extension; /* of a size's line */
    bool is_after_cr;  /* the last byte was a CR, which LF must follow */
    const char *wrong; /* a constant text */
} Chunks;

/* Reads on; *used says how many of the bytes it has taken. */
ChunksAnswer chunks_read(Chunks *chunks, const char *bytes, size_t size, size_t *used,
                         const char **data, size_t *data_size);

#endif
