/* A bump allocator of chunks, each of pages of its own that no core dump shows.  The first chunk
 * stays between calls; a call that needs more gets chunks of twice the size, up to the arena's
 * bound.  Pages that no call has touched take no memory.  */
#include "base/arena.h"
#include "base/secret.h"

#include <stdlib.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#define POISON(memory, size) ASAN_POISON_MEMORY_REGION(memory, size)
#define UNPOISON(memory, size) ASAN_UNPOISON_MEMORY_REGION(memory, size)
#else
#define POISON(memory, size) ((void) 0)
#define UNPOISON(memory, size) ((void) 0)
#endif

enum { CHUNK_FIRST = 64 * 1024, ALIGNMENT = 16 };

typedef struct Chunk Chunk;
struct Chunk {
    Chunk *before;
    size_t size, used;
    _Alignas(ALIGNMENT) unsigned char memory[];
};

struct Arena {
    Chunk *last;
    size_t size_max, size_total;
    ProtobufCAllocator allocator;
};

static Chunk *
chunk_new(size_t size, Chunk *before)
{
    Chunk *chunk = secret_pages_new(sizeof *chunk + size);

    if (chunk != NULL) {
        chunk->before = before;
        chunk->size = size;
        chunk->used = 0;
        POISON(chunk->memory, size);
    }
    return chunk;
}

static void
chunk_wipe(Chunk *chunk)
{
    UNPOISON(chunk->memory, chunk->size);
    secret_wipe(chunk->memory, chunk->used);
    chunk->used = 0;
}

static void
chunk_free(Chunk *chunk)
{
    UNPOISON(chunk->memory, chunk->size);
    secret_pages_free(chunk, sizeof *chunk + chunk->size);
}

static void *
allocator_alloc(void *arena, size_t size)
{
    return arena_alloc(arena, size);
}

static void
allocator_free(void *arena UNUSED, void *memory UNUSED)
{
}

Arena *
arena_new(size_t size_max)
{
    Arena *arena = calloc(1, sizeof *arena);

    if (arena == NULL)
        return NULL;
    arena->last = chunk_new(CHUNK_FIRST, NULL);
    if (arena->last == NULL) {
        free(arena);
        return NULL;
    }
    arena->size_max = size_max;
    arena->size_total = CHUNK_FIRST;
    arena->allocator = (ProtobufCAllocator){allocator_alloc, allocator_free, arena};
    return arena;
}

void
arena_free(Arena *arena)
{
    if (arena == NULL)
        return;
    arena_wipe(arena);
    chunk_free(arena->last);
    free(arena);
}

void *
arena_alloc(Arena *arena, size_t size)
{
    if (size > arena->size_max)
        return NULL;
    size = (size + ALIGNMENT - 1) & ~(size_t) (ALIGNMENT - 1);

    if (size > arena->last->size - arena->last->used) {
        size_t wanted = arena->last->size * 2;

        if (wanted < size)
            wanted = size;
        if (wanted > arena->size_max - arena->size_total)
            wanted = arena->size_max - arena->size_total;
        if (wanted < size)
            return NULL;

        Chunk *chunk = chunk_new(wanted, arena->last);

        if (chunk == NULL)
            return NULL;
        arena->last = chunk;
        arena->size_total += wanted;
    }

    unsigned char *memory = arena->last->memory + arena->last->used;

    arena->last->used += size;
    UNPOISON(memory, size);
    return memset(memory, 0, size);
}

void
arena_wipe(Arena *arena)
{
    while (arena->last->before != NULL) {
        Chunk *chunk = arena->last;

        arena->last = chunk->before;
        chunk_free(chunk);
    }
    chunk_wipe(arena->last);
    POISON(arena->last->memory, arena->last->size);
    arena->size_total = arena->last->size;
}

ProtobufCAllocator *
arena_protobuf(Arena *arena)
{
    return &arena->allocator;
}
