/* Called by dispatch for the envelope and the message in it, and by whoever reads an archive. Reads
 * what strangers send, so nothing here believes a length before it is compared.  */
#include "call/packed.h"
#include "proto/utf8.h"

#include <stdio.h>
#include <string.h>

enum { DEPTH_MAX = 16 }; /* our messages nest 3 deep; none contains itself */

static bool
check_text(Call *call, const char *path, const uint8_t *data, size_t size)
{
    size_t valid = utf8_valid((const char *) data, size);

    if (memchr(data, 0, size) != NULL)
        return call_fail_field(call, path, "must not contain a NUL character");
    if (valid < size)
        return call_fail_field(call, path, "must be valid UTF-8, is not at byte %zu", valid);
    return true;
}

static const ProtobufCFieldDescriptor *
field_by_tag(const ProtobufCMessageDescriptor *descriptor, uint64_t tag)
{
    for (unsigned i = 0; i < descriptor->n_fields; i++)
        if (descriptor->fields[i].id == tag)
            return &descriptor->fields[i];
    return NULL;
}

static bool
check_bytes(Call *call, const ProtobufCMessageDescriptor *descriptor, const uint8_t *data,
            size_t size, const char *before, int depth)
{
    const uint8_t *at = data, *end = data + size;
    WireField packed;
    char path[LIMIT_FIELD_PATH];

    if (depth > DEPTH_MAX)
        return call_fail(call, CODE_INVALID_ARGUMENT, "the message is nested too deeply");
    while (at < end) {
        if (!wire_field(&at, end, &packed))
            return call_fail(call, CODE_INVALID_ARGUMENT, "%s is not a %s",
                             depth == 0 ? "message" : before, descriptor->name);

        const ProtobufCFieldDescriptor *field = field_by_tag(descriptor, packed.tag);

        if (field == NULL || packed.type != WIRE_BYTES)
            continue;
        snprintf(path, sizeof path, "%s%s%s", before, before[0] != '\0' ? "." : "", field->name);
        if (field->type == PROTOBUF_C_TYPE_STRING &&
            !check_text(call, path, packed.content, packed.size))
            return false;
        if (field->type == PROTOBUF_C_TYPE_MESSAGE &&
            !check_bytes(call, field->descriptor, packed.content, packed.size, path, depth + 1))
            return false;
    }
    return true;
}

bool
packed_check(Call *call, const ProtobufCMessageDescriptor *descriptor, const uint8_t *data,
             size_t size)
{
    return check_bytes(call, descriptor, data, size, "", 0);
}
