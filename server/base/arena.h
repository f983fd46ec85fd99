/* The memory of one call: allocations are never freed one by one, the whole arena is wiped at the
 * end. Owned by one worker, used by one thread.  */
#ifndef CIQ_SERVER_ARENA_H
#define CIQ_SERVER_ARENA_H

#include "base/compiler.h"
#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct Arena Arena;

/* An arena that grows in chunks up to size_max bytes.  NULL: no memory. */
MUST_CHECK Arena *arena_new(size_t size_max);
void arena_free(Arena *arena);

/* Zeroed memory, aligned for any type.  NULL: size_max would be passed, or no memory. */
MUST_CHECK void *arena_alloc(Arena *arena, size_t size);

/* Forgets all allocations, overwrites what they held, and gives back all chunks but the first. */
void arena_wipe(Arena *arena);

/* The same memory for protobuf-c; free does nothing. */
ProtobufCAllocator *arena_protobuf(Arena *arena);

#endif
