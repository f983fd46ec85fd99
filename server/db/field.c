/* Small readers over protobuf-c's descriptors.  */
#include "db/field.h"

#include <string.h>

const void *
field_at(const ProtobufCMessage *message, Field *field)
{
    return (const char *) message + field->offset;
}

void *
field_of(ProtobufCMessage *message, Field *field)
{
    return (char *) message + field->offset;
}

size_t
field_count(const ProtobufCMessage *message, Field *field)
{
    size_t count;

    memcpy(&count, (const char *) message + field->quantifier_offset, sizeof count);
    return count;
}

Field *
field_find(const ProtobufCMessageDescriptor *descriptor, const char *name, size_t size)
{
    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        Field *field = &descriptor->fields[i];

        if (strlen(field->name) == size && memcmp(field->name, name, size) == 0)
            return field;
    }
    return NULL;
}

Field *
field_path(const ProtobufCMessageDescriptor *descriptor, const char *path,
           const ProtobufCMessage **message)
{
    for (;;) {
        size_t size = strcspn(path, ".");
        Field *field = field_find(descriptor, path, size);

        if (field == NULL || path[size] == '\0')
            return field;
        if (field->type != PROTOBUF_C_TYPE_MESSAGE || field->label == PROTOBUF_C_LABEL_REPEATED)
            return NULL;
        if (message != NULL && *message != NULL)
            *message = *(const ProtobufCMessage *const *) field_at(*message, field);
        descriptor = field->descriptor;
        path += size + 1;
    }
}

bool
field_is_type(Field *field, const ProtobufCMessageDescriptor *descriptor)
{
    return field->type == PROTOBUF_C_TYPE_MESSAGE && field->descriptor == descriptor;
}
