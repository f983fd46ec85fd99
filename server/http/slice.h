/* Bytes within a request that somebody else holds.  */
#ifndef CIQ_SERVER_HTTP_SLICE_H
#define CIQ_SERVER_HTTP_SLICE_H

#include "base/compiler.h"

#include <stdbool.h>
#include <stddef.h>

typedef struct Slice {
    const char *at; /* NULL: not there */
    size_t size;
} Slice;

bool slice_is(Slice slice, const char *text);

/* Names of fields, schemes and hosts: case does not matter. */
bool slice_is_nocase(Slice slice, const char *text);
bool slice_same_nocase(Slice one, Slice other);

/* Without spaces and tabs at both ends. */
Slice slice_trim(Slice slice);

/* Takes what is before the mark, or all, off *rest; false: nothing is left. */
bool slice_next(Slice *rest, char mark, Slice *part);

/* As a string; false: it is too long, or holds a NUL. */
MUST_CHECK bool slice_copy(Slice slice, char *text, size_t size);

#endif
