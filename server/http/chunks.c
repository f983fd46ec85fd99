/* One byte after the other, but for the pieces themselves.  */
#include "http/chunks.h"

#include <ctype.h>

static ChunksAnswer
wrong(Chunks *chunks, const char *words)
{
    chunks->wrong = words;
    return CHUNKS_WRONG;
}

/* The size of a chunk in hexadecimal digits, an extension, CR LF. */
static ChunksAnswer
read_size(Chunks *chunks, char c)
{
    static const char malformed[] =
        "a chunk must begin with its size in hexadecimal digits and CR LF";

    if (++chunks->line > CHUNKS_LINE_MAX)
        return wrong(chunks, malformed);
    if (chunks->is_after_cr) {
        if (c != '\n' || chunks->digits == 0)
            return wrong(chunks, malformed);
        chunks->state = chunks->left > 0 ? CHUNKS_PIECE : CHUNKS_TRAILER;
        chunks->is_after_cr = chunks->in_extension = false;
        chunks->line = chunks->digits = 0;
    } else if (c == '\r') {
        chunks->is_after_cr = true;
    } else if (chunks->in_extension) {
        if (iscntrl((unsigned char) c) && c != '\t')
            return wrong(chunks, malformed);
    } else if (isxdigit((unsigned char) c) && chunks->digits < 15) {
        int digit = tolower((unsigned char) c);

        chunks->left =
            chunks->left * 16 + (uint64_t) (digit <= '9' ? digit - '0' : digit - 'a' + 10);
        chunks->digits++;
    } else if ((c == ';' || c == ' ' || c == '\t') && chunks->digits > 0) {
        chunks->in_extension = true;
    } else {
        return wrong(chunks, malformed);
    }
    return CHUNKS_MORE;
}

static ChunksAnswer
read_piece_end(Chunks *chunks, char c)
{
    if (c != (chunks->is_after_cr ? '\n' : '\r'))
        return wrong(chunks, "a chunk must be as long as its size says, and end with CR LF");
    if (chunks->is_after_cr)
        chunks->state = CHUNKS_SIZE;
    chunks->is_after_cr = !chunks->is_after_cr;
    return CHUNKS_MORE;
}

/* Lines until an empty one. */
static ChunksAnswer
read_trailer(Chunks *chunks, char c)
{
    if (++chunks->trailer > CHUNKS_TRAILER_MAX)
        return wrong(chunks, "the fields behind the body must have at most 4096 bytes");
    if (chunks->is_after_cr) {
        chunks->is_after_cr = false;
        if (c != '\n')
            return wrong(chunks, "every line behind the body must end with CR LF");
        if (chunks->line == 0)
            return CHUNKS_END;
        chunks->line = 0;
    } else if (c == '\r') {
        chunks->is_after_cr = true;
    } else if (iscntrl((unsigned char) c) && c != '\t') {
        return wrong(chunks, "every line behind the body must end with CR LF");
    } else {
        chunks->line++;
    }
    return CHUNKS_MORE;
}

static ChunksAnswer
read_byte(Chunks *chunks, char c)
{
    switch (chunks->state) {
    case CHUNKS_SIZE:
        return read_size(chunks, c);
    case CHUNKS_PIECE_END:
        return read_piece_end(chunks, c);
    case CHUNKS_PIECE:
    case CHUNKS_TRAILER:
        break;
    }
    return read_trailer(chunks, c);
}

ChunksAnswer
chunks_read(Chunks *chunks, const char *bytes, size_t size, size_t *used, const char **data,
            size_t *data_size)
{
    ChunksAnswer answer = CHUNKS_MORE;

    *used = 0;
    while (*used < size && answer == CHUNKS_MORE) {
        if (chunks->state == CHUNKS_PIECE) {
            *data = bytes + *used;
            *data_size = size - *used < chunks->left ? size - *used : (size_t) chunks->left;
            *used += *data_size;
            chunks->left -= *data_size;
            if (chunks->left == 0)
                chunks->state = CHUNKS_PIECE_END;
            return CHUNKS_DATA;
        }
        answer = read_byte(chunks, bytes[(*used)++]);
    }
    return answer;
}
