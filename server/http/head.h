/* The head of an HTTP/1.1 request: its line and its fields (RFC 9112).  Stricter than the RFC
 * allows wherever two programs that pass a request on could read it differently: lines end with
 * CR LF, a field is one line, a length comes once and never together with a transfer coding.
 *
 * Pure functions over bytes; nothing here knows a connection.  */
#ifndef CIQ_SERVER_HTTP_HEAD_H
#define CIQ_SERVER_HTTP_HEAD_H

#include "http/slice.h"

#include <stdint.h>

enum {
    HEAD_BYTES_MAX = 16384, /* of line and fields; browsers' own with all cookies stay below */
    HEAD_FIELDS_MAX = 100,
    HEAD_TARGET_MAX = 8192 /* bytes of the request's target */
};

typedef struct HeadField {
    Slice name, value;
} HeadField;

typedef struct Head {
    Slice method, path, query; /* query.at is NULL where the target has no '?' */
    Slice host;                /* size 0: none was given (HTTP/1.0) */
    unsigned minor;            /* of HTTP/1.x: 0 or 1 */
    HeadField fields[HEAD_FIELDS_MAX];
    size_t count;
    bool has_length, is_chunked;
    uint64_t length; /* of the body, if it is not chunked */
    bool keeps_alive;
    bool wants_continue; /* Expect: 100-continue */
} Head;

/* What is answered where a head is wrong: a status, and words that are constant. */
typedef struct HeadRefusal {
    unsigned status;
    const char *words;
} HeadRefusal;

/* The bytes of a head that begins at data, with the empty line behind it; 0: it has not ended yet.
 * *scanned is where the search goes on when more has come; 0 at first. */
size_t head_end(const char *data, size_t size, size_t *scanned);

/* Reads a head of exactly these bytes, into which it then points.  False: it is refused. */
MUST_CHECK bool head_read(const char *data, size_t size, Head *head, HeadRefusal *refusal);

/* The field's value; at is NULL: there is none.  Where it was given more than once *is_twice is
 * true; is_twice may be NULL. */
Slice head_field(const Head *head, const char *name, bool *is_twice);

#endif
