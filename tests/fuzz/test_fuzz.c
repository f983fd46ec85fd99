/* The bytes that anybody may send, through the same functions as on the wire: peeking, checking,
 * unpacking and validating.  The corpus is replayed as it is, and with many small changes of each
 * file; the same changes each time, so a failure can be repeated.  */
#include "harness/harness.h"

#include "proto/method.h"
#include "server/call/auth.h"
#include "server/call/check.h"
#include "server/call/packed.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHANGES = 20000, SIZE_MAX_BYTES = 8192 };

/* What the listener and dispatch do before a handler runs.  True: a message came all the way. */
static bool
take(Arena *arena, const uint8_t *data, size_t size)
{
    Call call = {.arena = arena};
    WirePeek peek;
    bool whole = false;

    if (wire_peek(data, size, &peek) &&
        packed_check(&call, &clientiq__v1__request__descriptor, data, size)) {
        Request *request = clientiq__v1__request__unpack(arena_protobuf(arena), size, data);
        const Method *method = request == NULL ? NULL : method_find(request->method);

        if (method != NULL) {
            const ProtobufCMessageDescriptor *descriptor = method->request->descriptor;

            call.method = method;
            if (packed_check(&call, descriptor, request->payload.data, request->payload.len)) {
                ProtobufCMessage *message = protobuf_c_message_unpack(
                    descriptor, arena_protobuf(arena), request->payload.len, request->payload.data);

                whole = message != NULL;
                if (message != NULL && !check_message(&call, method->request, message))
                    assert_true(call.failure.code != CODE_OK);
            }
        }
    }
    arena_wipe(arena);
    return whole;
}

static size_t
read_bytes(const char *path, uint8_t data[SIZE_MAX_BYTES])
{
    FILE *file = fopen(path, "rb");

    assert_non_null(file);
    size_t size = fread(data, 1, SIZE_MAX_BYTES, file);
    fclose(file);
    return size;
}

static void
test_corpus__and_its_changes(void **state)
{
    static uint8_t data[SIZE_MAX_BYTES], changed[SIZE_MAX_BYTES + 16];
    Arena *arena = arena_new(LIMIT_ARENA);
    glob_t found;
    unsigned seed = 1;
    size_t whole = 0, whole_changed = 0;

    (void) state;
    assert_non_null(arena);
    assert_int_equal(glob(CIQ_SOURCE_DIR "/tests/fuzz/corpus/*", 0, NULL, &found), 0);
    assert_true(found.gl_pathc >= 5);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        size_t size = read_bytes(found.gl_pathv[i], data);

        whole += take(arena, data, size);
        for (int n = 0; n < CHANGES; n++) {
            size_t length = size;

            memcpy(changed, data, size);
            for (int c = 1 + rand_r(&seed) % 4; c > 0 && length > 0; c--) {
                size_t at = (size_t) rand_r(&seed) % length;

                switch (rand_r(&seed) % 4) {
                case 0:
                    changed[at] = (uint8_t) rand_r(&seed);
                    break;
                case 1:
                    changed[at] ^= (uint8_t) (1u << rand_r(&seed) % 8);
                    break;
                case 2: /* cut */
                    length = at;
                    break;
                default: /* repeat a piece */
                    if (length + 8 <= sizeof changed && at + 8 <= length) {
                        memmove(changed + at + 8, changed + at, length - at);
                        length += 8;
                    }
                }
            }
            whole_changed += take(arena, changed, length);
        }
    }
    /* otherwise the loop has tried nothing */
    assert_true(whole >= 5 && whole_changed > 1000);
    globfree(&found);
    arena_free(arena);
}

/* A small message that would unpack to much: the arena's bound refuses it, and nothing else
 * happens. */
static void
test_unpack__is_bounded(void **state)
{
    enum { SIZE = 1000000 };
    uint8_t *data = malloc(SIZE);
    Arena *arena = arena_new(1024 * 1024);

    (void) state;
    assert_non_null(data);
    /* two bytes each: an empty Domain in ListDomainsResponse.domains */
    for (size_t i = 0; i < SIZE; i += 2) {
        data[i] = 0x0a;
        data[i + 1] = 0;
    }
    assert_null(protobuf_c_message_unpack(&clientiq__v1__list_domains_response__descriptor,
                                          arena_protobuf(arena), SIZE, data));
    arena_free(arena);
    free(data);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_corpus__and_its_changes),
        cmocka_unit_test(test_unpack__is_bounded),
    };

    return auth_init() ? run_cases(tests, NULL, NULL) : 1;
}
