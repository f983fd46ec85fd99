/* Questions that both sides ask about the generated table of methods and the descriptors.  */
#include "proto/method.h"

#include <ctype.h>
#include <string.h>

const char *
method_permission(const Method *method, bool on_platform)
{
    return on_platform && method->platform_permission[0] != '\0' ? method->platform_permission
                                                                 : method->permission;
}

bool
field_is_choice(const ProtobufCFieldDescriptor *field)
{
    return (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0;
}

bool
field_is_absent(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    uint32_t chosen;

    if (!field_is_choice(field))
        return false;
    memcpy(&chosen, (const char *) message + field->quantifier_offset, sizeof chosen);
    return chosen != field->id;
}

void
enum_prefix(const ProtobufCEnumDescriptor *descriptor, char *prefix, size_t size)
{
    const char *name = strrchr(descriptor->name, '.');
    size_t used = 0;

    name = name == NULL ? descriptor->name : name + 1;
    for (size_t i = 0; name[i] != '\0' && used + 3 < size; i++) {
        if (i > 0 && isupper((unsigned char) name[i]))
            prefix[used++] = '_';
        prefix[used++] = (char) toupper((unsigned char) name[i]);
    }
    prefix[used++] = '_';
    prefix[used] = '\0';
}
