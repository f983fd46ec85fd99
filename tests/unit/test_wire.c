/* What both sides know of the wire: names of codes, the peek into a packed Request, where a server
 * is.  */
#include "harness/cases.h"

#include "proto/wire.h"

#include <stdlib.h>
#include <string.h>

static void
test_code_name__all(void **state)
{
    const ProtobufCEnumDescriptor *codes = &clientiq__v1__code__descriptor;

    (void) state;
    assert_int_equal(codes->n_values, CODE_UNAUTHENTICATED + 1);
    assert_string_equal(code_name(CODE_OK), "OK");
    /* the contract's names are these, with the prefix that enums have */
    for (int code = 1; code <= CODE_UNAUTHENTICATED; code++)
        assert_string_equal(protobuf_c_enum_descriptor_get_value(codes, code)->name +
                                strlen("CODE_"),
                            code_name(code));
    assert_string_equal(code_name(-1), "UNKNOWN");
    assert_string_equal(code_name(17), "UNKNOWN");
    assert_string_equal(code_name(INT32_MAX), "UNKNOWN");
}

static void
test_wire_field__each_type(void **state)
{
    static const uint8_t bytes[] = {0x08, 0x96, 0x01,                       /* 1: 150 */
                                    0x11, 1,    2,    3,   4,   5, 6, 7, 8, /* 2: 8 bytes */
                                    0x1a, 3,    'a',  'b', 'c',             /* 3: "abc" */
                                    0x25, 1,    2,    3,   4,               /* 4: 4 bytes */
                                    0x82, 0x01, 0,                          /* 16: "" */
                                    0x2b};                                  /* a group */
    static const struct {
        uint64_t tag;
        WireType type;
        size_t start, size;
    } fields[] = {{1, WIRE_VARINT, 1, 2},
                  {2, WIRE_FIXED64, 4, 8},
                  {3, WIRE_BYTES, 14, 3},
                  {4, WIRE_FIXED32, 18, 4},
                  {16, WIRE_BYTES, 25, 0}};
    const uint8_t *at = bytes, *end = bytes + sizeof bytes;
    WireField field;

    (void) state;
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        assert_true(wire_field(&at, end, &field));
        assert_int_equal(field.tag, fields[i].tag);
        assert_int_equal(field.type, fields[i].type);
        assert_ptr_equal(field.content, bytes + fields[i].start);
        assert_int_equal(field.size, fields[i].size);
        assert_ptr_equal(at, field.content + field.size);
    }
    assert_false(wire_field(&at, end, &field));
    at = end;
    assert_false(wire_field(&at, end, &field)); /* nothing there */
}

/* A copy of exactly that size, so that a sanitizer sees a read past its end. */
static bool
peek_at(const void *data, size_t size, WirePeek *peek)
{
    uint8_t *copy = malloc(size + (size == 0));
    static char method[WIRE_METHOD_MAX], tenant[WIRE_TENANT_MAX], token[WIRE_TOKEN_MAX];
    bool ok;

    assert_non_null(copy);
    memcpy(copy, data, size);
    ok = wire_peek(copy, size, peek);
    if (ok && peek->method != NULL)
        peek->method = memcpy(method, peek->method, peek->method_size);
    if (ok && peek->tenant != NULL)
        peek->tenant = memcpy(tenant, peek->tenant, peek->tenant_size);
    if (ok && peek->token != NULL)
        peek->token = memcpy(token, peek->token, peek->token_size);
    free(copy);
    return ok;
}

#define PEEK(bytes, peek) peek_at(bytes, sizeof(bytes) - 1, peek)

static size_t
pack_request(uint8_t packed[1024])
{
    Request request = CLIENTIQ__V1__REQUEST__INIT;
    uint8_t key[WIRE_KEY_SIZE] = {1};

    request.method = (char *) (uintptr_t) "clientiq.v1.UserService/GetUser";
    request.tenant = (char *) (uintptr_t) "acme.localhost";
    request.token = (char *) (uintptr_t) "token";
    request.payload = (ProtobufCBinaryData){2, (uint8_t *) (uintptr_t) "\x08\x01"};
    request.idempotency_key = (ProtobufCBinaryData){sizeof key, key};
    request.timeout_ms = 300;
    request.explain = true;
    return clientiq__v1__request__pack(&request, packed);
}

static void
test_wire_peek__request(void **state)
{
    uint8_t packed[1024];
    size_t size = pack_request(packed);
    WirePeek peek;

    (void) state;
    assert_true(peek_at(packed, size, &peek));
    assert_int_equal(peek.method_size, strlen("clientiq.v1.UserService/GetUser"));
    assert_memory_equal(peek.method, "clientiq.v1.UserService/GetUser", peek.method_size);
    assert_int_equal(peek.tenant_size, strlen("acme.localhost"));
    assert_memory_equal(peek.tenant, "acme.localhost", peek.tenant_size);
    assert_int_equal(peek.token_size, strlen("token"));
    assert_memory_equal(peek.token, "token", peek.token_size);
}

static void
test_wire_peek__empty(void **state)
{
    WirePeek peek;

    (void) state;
    assert_true(peek_at("", 0, &peek));
    assert_null(peek.method);
    assert_int_equal(peek.method_size, 0);
    assert_int_equal(peek.tenant_size, 0);
    assert_int_equal(peek.token_size, 0);
    assert_true(wire_peek(NULL, 0, &peek));
}

/* Cut anywhere: refused, or ended between two fields; what unpacks is never refused. */
static void
test_wire_peek__truncated(void **state)
{
    uint8_t packed[1024];
    size_t size = pack_request(packed), refused = 0;

    (void) state;
    for (size_t cut = 0; cut < size; cut++) {
        WirePeek peek;
        bool ok = peek_at(packed, cut, &peek);
        Request *request = clientiq__v1__request__unpack(NULL, cut, packed);

        assert_true(ok || request == NULL);
        refused += !ok;
        if (request != NULL)
            clientiq__v1__request__free_unpacked(request, NULL);
    }
    assert_true(refused > size / 2);
}

static void
test_wire_peek__garbage(void **state)
{
    WirePeek peek;

    (void) state;
    assert_false(
        PEEK("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", &peek)); /* a key without end */
    assert_false(PEEK("\x00\x00", &peek));                                /* field 0 */
    assert_false(PEEK("\x0b", &peek)); /* a group, which proto3 has not */
    assert_false(PEEK("\x0e", &peek)); /* wire type 6 */
    assert_false(PEEK("\x0a", &peek)); /* a length that is not there */
    assert_false(PEEK("\x0a\x05"
                      "abcd",
                      &peek)); /* more said than there */
    assert_false(PEEK("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", &peek)); /* 2^64 - 1 bytes */
    assert_false(PEEK("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\x7f"
                      "abcd",
                      &peek)); /* 2^63 - 1 bytes */
    assert_false(PEEK("\x09"
                      "1234567",
                      &peek)); /* 8 bytes, of which one is missing */
    assert_false(PEEK("\x0d"
                      "123",
                      &peek));             /* 4 bytes, of which one is missing */
    assert_false(PEEK("\x08\x80", &peek)); /* a number without end */
}

static void
test_wire_peek__unknown_fields(void **state)
{
    WirePeek peek;

    (void) state;
    assert_true(PEEK("\xa0\x06\x01"
                     "\xa1\x06"
                     "12345678"
                     "\xa5\x06"
                     "1234"
                     "\xa2\x06\x02"
                     "ab"
                     "\x0a\x01m",
                     &peek));
    assert_int_equal(peek.method_size, 1);
    assert_memory_equal(peek.method, "m", 1);
}

/* Of a field that comes twice the last one counts, as for whoever unpacks it. */
static void
test_wire_peek__twice(void **state)
{
    WirePeek peek;

    (void) state;
    assert_true(PEEK("\x0a\x01"
                     "a"
                     "\x12\x01t"
                     "\x0a\x01"
                     "b",
                     &peek));
    assert_memory_equal(peek.method, "b", 1);
    assert_memory_equal(peek.tenant, "t", 1);
}

static void
test_wire_peek__overlong(void **state)
{
    static const struct {
        uint8_t key;
        size_t max;
    } fields[] = {{0x0a, WIRE_METHOD_MAX}, {0x12, WIRE_TENANT_MAX}};

    (void) state;
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        for (size_t size = fields[i].max; size <= fields[i].max + 1; size++) {
            uint8_t packed[400] = {fields[i].key, (uint8_t) (size | 0x80), (uint8_t) (size >> 7)};
            WirePeek peek;

            memset(packed + 3, 'x', size);
            assert_int_equal(peek_at(packed, size + 3, &peek), size == fields[i].max);
        }

    /* dispatch says how long a token is that is too long */
    uint8_t packed[400] = {0x1a, ((WIRE_TOKEN_MAX + 1) & 0x7f) | 0x80, (WIRE_TOKEN_MAX + 1) >> 7};
    WirePeek peek;

    assert_true(peek_at(packed, WIRE_TOKEN_MAX + 1 + 3, &peek));
    assert_int_equal(peek.token_size, 0);
}

static void
test_wire_default_url__directory(void **state)
{
    char url[64], directory[8];

    (void) state;
    setenv("CIQ_RUNTIME_DIR", "/somewhere", 1);
    assert_true(wire_default_url(url, sizeof url));
    assert_string_equal(url, "ipc:///somewhere/ciq.sock");
    assert_true(wire_runtime_dir(url, sizeof url));
    assert_string_equal(url, "/somewhere");
    assert_false(wire_runtime_dir(directory, sizeof directory));
    assert_false(wire_default_url(directory, sizeof directory));
    unsetenv("CIQ_RUNTIME_DIR");
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_code_name__all),
        cmocka_unit_test(test_wire_field__each_type),
        cmocka_unit_test(test_wire_peek__request),
        cmocka_unit_test(test_wire_peek__empty),
        cmocka_unit_test(test_wire_peek__truncated),
        cmocka_unit_test(test_wire_peek__garbage),
        cmocka_unit_test(test_wire_peek__unknown_fields),
        cmocka_unit_test(test_wire_peek__twice),
        cmocka_unit_test(test_wire_peek__overlong),
        cmocka_unit_test(test_wire_default_url__directory),
    };

    return run_cases(tests, NULL, NULL);
}
