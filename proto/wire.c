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
wire_peek(const uint8_t *data, size_t size, const char **method, size_t *method_size,
          const char **tenant, size_t *tenant_size)
{
    enum { METHOD = 1, TENANT = 2 }; /* their field numbers in envelope.proto */
    const uint8_t *at = data, *end = data + size;

    *method = *tenant = NULL;
    *method_size = *tenant_size = 0;
    while (at < end) {
        uint64_t key, length = 0;

        if (!wire_varint(&at, end, &key) || key >> 3 == 0)
            return false;
        switch (key & 7) {
        case 0:
            if (!wire_varint(&at, end, &length))
                return false;
            continue;
        case 1:
            length = 8;
            break;
        case 2:
            if (!wire_varint(&at, end, &length))
                return false;
            break;
        case 5:
            length = 4;
            break;
        default:
            return false;
        }
        if (length > (uint64_t) (end - at))
            return false;
        if (key == (METHOD << 3 | 2)) {
            if (length > WIRE_METHOD_MAX)
                return false;
            *method = (const char *) at;
            *method_size = length;
        } else if (key == (TENANT << 3 | 2)) {
            if (length > WIRE_TENANT_MAX)
                return false;
            *tenant = (const char *) at;
            *tenant_size = length;
        }
        at += length;
    }
    return true;
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
