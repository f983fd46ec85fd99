/* What server, client and tests share about one nng message: the envelope's types, the names of the
 * codes, the limits of a message, and where a server is found if no URL is given.  */
#ifndef CIQ_PROTO_WIRE_H
#define CIQ_PROTO_WIRE_H

#include "clientiq/v1/envelope.pb-c.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef Clientiq__V1__Request Request;
typedef Clientiq__V1__Reply Reply;
typedef Clientiq__V1__Statement Statement;
typedef Clientiq__V1__FieldViolation FieldViolation;

/* gRPC's canonical codes; the numbers are those of clientiq.v1.Code. */
typedef enum Code {
    CODE_OK = 0,
    CODE_CANCELLED = 1,
    CODE_UNKNOWN = 2,
    CODE_INVALID_ARGUMENT = 3,
    CODE_DEADLINE_EXCEEDED = 4,
    CODE_NOT_FOUND = 5,
    CODE_ALREADY_EXISTS = 6,
    CODE_PERMISSION_DENIED = 7,
    CODE_RESOURCE_EXHAUSTED = 8,
    CODE_FAILED_PRECONDITION = 9,
    CODE_ABORTED = 10,
    CODE_OUT_OF_RANGE = 11,
    CODE_UNIMPLEMENTED = 12,
    CODE_INTERNAL = 13,
    CODE_UNAVAILABLE = 14,
    CODE_DATA_LOSS = 15,
    CODE_UNAUTHENTICATED = 16
} Code;

enum {
    WIRE_MESSAGE_MAX =
        1024 * 1024,             /* bytes of one request or reply; nng hangs up on a longer one */
    WIRE_METHOD_MAX = 128,       /* bytes of Request.method */
    WIRE_TENANT_MAX = 260,       /* bytes of Request.tenant: a host of 253 and a port */
    WIRE_TOKEN_MAX = 128,        /* bytes of Request.token */
    WIRE_ORIGIN_MAX = 64,        /* bytes of Request.origin: an address in text */
    WIRE_TRACEPARENT_MAX = 64,   /* bytes of Request.traceparent: version 00 has 55 */
    WIRE_KEY_SIZE = 16,          /* bytes of Request.idempotency_key */
    WIRE_TIMEOUT_MAX_MS = 600000 /* Request.timeout_ms; a longer one is cut to this */
};

/* The code's name as gRPC writes it: "NOT_FOUND".  "UNKNOWN" for a number that is not a code. */
const char *code_name(int code);

/* Reads a protobuf varint and moves *at behind it.  False: it does not end before end, or has more
 * than ten bytes. */
bool wire_varint(const uint8_t **at, const uint8_t *end, uint64_t *value);

/* protobuf's wire types; proto3 has no others. */
typedef enum WireType {
    WIRE_VARINT = 0,
    WIRE_FIXED64 = 1,
    WIRE_BYTES = 2, /* strings, bytes, messages and packed repeated numbers */
    WIRE_FIXED32 = 5
} WireType;

/* One field of a packed message. */
typedef struct WireField {
    uint64_t tag; /* its number in the .proto file */
    WireType type;
    const uint8_t *content; /* points into the message; of WIRE_BYTES what comes after the length */
    size_t size;
} WireField;

/* Reads the field at *at and moves *at behind it.  False: it is not a field, or does not end before
 * end; *at is anywhere then. */
bool wire_field(const uint8_t **at, const uint8_t *end, WireField *field);

/* What a packed Request says before it is unpacked.  Texts point into it and are not ended by NUL;
 * NULL: it has none.  A token that is longer than its limit, about which dispatch has a message,
 * has size 0 here. */
typedef struct WirePeek {
    const char *method, *tenant, *token;
    size_t method_size, tenant_size, token_size;
} WirePeek;

/* False: the bytes are not a protobuf message, or method or tenant is longer than its limit.
 * Bytes that pass can still fail to unpack. */
bool wire_peek(const uint8_t *data, size_t size, WirePeek *peek);

/* Where the server of this user on this machine has its socket: the directory, which is
 * CIQ_RUNTIME_DIR, or /run/clientiq for root, or clientiq in XDG_RUNTIME_DIR, or one in /tmp; and
 * the ipc:// URL in it.  Both fill the buffer; false: it is too small. */
bool wire_runtime_dir(char *buffer, size_t size);
bool wire_default_url(char *buffer, size_t size);

#endif
