/* What both sides know about a message on its way.  Called by the server, the client library,
 * ciq-client and tests.  */
#include "proto/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *
code_name(int code)
{
    static const char *const names[] = {
        "OK",
        "CANCELLED",
        "UNKNOWN",
        "INVALID_ARGUMENT",
        "DEADLINE_EXCEEDED",
        "NOT_FOUND",
        "ALREADY_EXISTS",
        "PERMISSION_DENIED",
        "RESOURCE_EXHAUSTED",
        "FAILED_PRECONDITION",
        "ABORTED",
        "OUT_OF_RANGE",
        "UNIMPLEMENTED",
        "INTERNAL",
        "UNAVAILABLE",
        "DATA_LOSS",
        "UNAUTHENTICATED",
    };

    if (code < 0 || (size_t) code >= sizeof names / sizeof *names)
        return "UNKNOWN";
    return names[code];
}

bool
wire_varint(const uint8_t **at, const uint8_t *end, uint64_t *value)
{
    *value = 0;
    for (unsigned shift = 0; shift < 64 && *at < end; shift += 7) {
        uint8_t byte = *(*at)++;

        *value |= (uint64_t) (byte & 0x7f) << shift;
        if ((byte & 0x80) == 0)
            return true;
    }
    return false;
}

bool
wire_field(const uint8_t **at, const uint8_t *end, WireField *field)
{
    uint64_t key, size = 0;

    if (!wire_varint(at, end, &key) || key >> 3 == 0)
        return false;
    field->tag = key >> 3;
    field->type = (WireType) (key & 7);
    field->content = *at;
    switch (field->type) {
    case WIRE_VARINT:
        if (!wire_varint(at, end, &size))
            return false;
        field->size = (size_t) (*at - field->content);
        return true;
    case WIRE_FIXED64:
        size = 8;
        break;
    case WIRE_BYTES:
        if (!wire_varint(at, end, &size))
            return false;
        field->content = *at;
        break;
    case WIRE_FIXED32:
        size = 4;
        break;
    default:
        return false;
    }
    if (size > (uint64_t) (end - *at))
        return false;
    field->size = size;
    *at += size;
    return true;
}

/* Of a field that comes twice the last one counts, as in protobuf.  False: it is too long. */
static bool
peek_text(const WireField *field, size_t size_max, const char **text, size_t *size)
{
    *text = (const char *) field->content;
    *size = field->size;
    return field->size <= size_max;
}

bool
wire_peek(const uint8_t *data, size_t size, WirePeek *peek)
{
    enum { METHOD = 1, TENANT = 2, TOKEN = 3 }; /* their field numbers in envelope.proto */
    const uint8_t *at = data, *end = data + size;
    WireField field;
    bool fits = true;

    *peek = (WirePeek){0};
    while (at < end && fits) {
        if (!wire_field(&at, end, &field))
            return false;
        if (field.type != WIRE_BYTES)
            continue;
        if (field.tag == METHOD)
            fits = peek_text(&field, WIRE_METHOD_MAX, &peek->method, &peek->method_size);
        else if (field.tag == TENANT)
            fits = peek_text(&field, WIRE_TENANT_MAX, &peek->tenant, &peek->tenant_size);
        else if (field.tag == TOKEN &&
                 !peek_text(&field, WIRE_TOKEN_MAX, &peek->token, &peek->token_size))
            peek->token_size = 0;
    }
    return fits;
}

bool
wire_runtime_dir(char *buffer, size_t size)
{
    const char *named = getenv("CIQ_RUNTIME_DIR"), *xdg = getenv("XDG_RUNTIME_DIR");
    int used;

    if (named != NULL && named[0] != '\0')
        used = snprintf(buffer, size, "%s", named);
    else if (geteuid() == 0)
        used = snprintf(buffer, size, "/run/clientiq");
    else if (xdg != NULL && xdg[0] == '/')
        used = snprintf(buffer, size, "%s/clientiq", xdg);
    else
        used = snprintf(buffer, size, "/tmp/clientiq-%ld", (long) geteuid());
    return used > 0 && (size_t) used < size;
}

bool
wire_default_url(char *buffer, size_t size)
{
    char directory[256];

    if (!wire_runtime_dir(directory, sizeof directory))
        return false;

    int used = snprintf(buffer, size, "ipc://%s/ciq.sock", directory);

    return used > 0 && (size_t) used < size;
}
