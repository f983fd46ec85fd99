/* By the messages' descriptors.  Called by the commands of ciq-client and by the server's HTTP; of
 * all messages it knows only Google's Timestamp and FieldMask by name.  */
#include "proto/json_write.h"
#include "proto/json_value.h"
#include "proto/method.h"

#include <google/protobuf/field_mask.pb-c.h>
#include <google/protobuf/timestamp.pb-c.h>

#include <inttypes.h>
#include <math.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef const ProtobufCFieldDescriptor Field;

/* Each path of a mask is in lowerCamelCase as names are, part by part. */
static void
print_path(FILE *stream, const char *path, unsigned style)
{
    bool upper = false;

    for (; *path != '\0'; path++) {
        bool mark = *path == '_' && (style & JSON_ORIGINAL_NAMES) == 0;

        if (!mark)
            fputc(upper && *path >= 'a' && *path <= 'z' ? *path - 'a' + 'A' : *path, stream);
        upper = mark;
    }
}

static json_t *
write_mask(const Google__Protobuf__FieldMask *mask, unsigned style)
{
    json_t *json;
    char *text = NULL;
    size_t size;
    FILE *stream = open_memstream(&text, &size);

    if (stream == NULL)
        return NULL;
    for (size_t i = 0; i < mask->n_paths; i++) {
        if (i > 0)
            fputc(',', stream);
        print_path(stream, mask->paths[i], style);
    }
    if (fclose(stream) != 0) {
        free(text);
        return NULL;
    }
    json = json_string(text);
    free(text);
    return json;
}

static json_t *
write_time(const Google__Protobuf__Timestamp *time)
{
    char text[JSON_TIME];

    json_time_write(time->seconds, time->nanos, text);
    return json_string(text);
}

static json_t *
write_bytes(const ProtobufCBinaryData *bytes)
{
    const int variant = sodium_base64_VARIANT_ORIGINAL;
    size_t size = sodium_base64_encoded_len(bytes->len, variant);
    char *base64 = malloc(size);
    json_t *json;

    if (base64 == NULL)
        return NULL;
    json = json_string(sodium_bin2base64(base64, size, bytes->data, bytes->len, variant));
    free(base64);
    return json;
}

/* JSON has no number for these. */
static json_t *
write_real(double number)
{
    if (isnan(number))
        return json_string("NaN");
    if (isinf(number))
        return json_string(number > 0 ? "Infinity" : "-Infinity");
    return json_real(number);
}

static json_t *
write_enum(Field *field, int number)
{
    const ProtobufCEnumValue *value =
        protobuf_c_enum_descriptor_get_value(field->descriptor, number);

    return value != NULL ? json_string(value->name) : json_integer(number);
}

static json_t *
write_inner(const ProtobufCMessage *inner, unsigned style)
{
    if (inner == NULL)
        return json_null();
    if (inner->descriptor == &google__protobuf__timestamp__descriptor)
        return write_time((const Google__Protobuf__Timestamp *) inner);
    if (inner->descriptor == &google__protobuf__field_mask__descriptor)
        return write_mask((const Google__Protobuf__FieldMask *) inner, style);
    return json_write(inner, style);
}

static json_t *
write_value(Field *field, const void *at, unsigned style)
{
    char text[32];

    switch (field->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
        return json_integer(*(const int32_t *) at);
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        return json_integer(*(const uint32_t *) at);
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
        snprintf(text, sizeof text, "%" PRId64, *(const int64_t *) at);
        return json_string(text);
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        snprintf(text, sizeof text, "%" PRIu64, *(const uint64_t *) at);
        return json_string(text);
    case PROTOBUF_C_TYPE_FLOAT:
        return write_real((double) *(const float *) at);
    case PROTOBUF_C_TYPE_DOUBLE:
        return write_real(*(const double *) at);
    case PROTOBUF_C_TYPE_BOOL:
        return json_boolean(*(const protobuf_c_boolean *) at);
    case PROTOBUF_C_TYPE_ENUM:
        return write_enum(field, *(const int *) at);
    case PROTOBUF_C_TYPE_STRING:
        return json_string(*(char *const *) at);
    case PROTOBUF_C_TYPE_BYTES:
        return write_bytes(at);
    case PROTOBUF_C_TYPE_MESSAGE:
        return write_inner(*(const ProtobufCMessage *const *) at, style);
    }
    return json_null();
}

static size_t
count_of(const ProtobufCMessage *message, Field *field)
{
    size_t count;

    memcpy(&count, (const char *) message + field->quantifier_offset, sizeof count);
    return count;
}

/* What proto3 does not send: zero, false, "". */
static bool
is_empty(const ProtobufCMessage *message, Field *field)
{
    static const char zeros[8];
    const void *at = (const char *) message + field->offset;

    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        return count_of(message, field) == 0;
    if (field_is_choice(field)) /* a member that was chosen is there, whatever it holds */
        return false;
    if (field->type == PROTOBUF_C_TYPE_STRING)
        return (*(char *const *) at)[0] == '\0';
    if (field->type == PROTOBUF_C_TYPE_BYTES)
        return ((const ProtobufCBinaryData *) at)->len == 0;
    return memcmp(at, zeros, json_element_size(field)) == 0;
}

static json_t *
write_elements(const ProtobufCMessage *message, Field *field, unsigned style)
{
    const char *elements =
        *(const char *const *) (const void *) ((const char *) message + field->offset);
    json_t *array = json_array();
    size_t count = count_of(message, field);

    for (size_t i = 0; array != NULL && i < count; i++) {
        json_t *value = write_value(field, elements + i * json_element_size(field), style);

        if (json_array_append_new(array, value) != 0) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

json_t *
json_write(const ProtobufCMessage *message, unsigned style)
{
    json_t *object = json_object();

    for (unsigned i = 0; object != NULL && i < message->descriptor->n_fields; i++) {
        Field *field = &message->descriptor->fields[i];
        char camel[JSON_NAME];
        json_t *value;

        if (field_is_absent(message, field) ||
            ((style & JSON_ALL_FIELDS) == 0 && is_empty(message, field)))
            continue;
        json_camel(field->name, camel);
        value = field->label == PROTOBUF_C_LABEL_REPEATED
                    ? write_elements(message, field, style)
                    : write_value(field, (const char *) message + field->offset, style);
        if (json_object_set_new(object, style & JSON_ORIGINAL_NAMES ? field->name : camel, value) !=
            0) {
            json_decref(object);
            return NULL;
        }
    }
    return object;
}

char *
json_write_text(const ProtobufCMessage *message, unsigned style, size_t *size)
{
    json_t *json = json_write(message, style);
    char *text = json == NULL ? NULL : json_dumps(json, JSON_COMPACT);

    json_decref(json);
    *size = text == NULL ? 0 : strlen(text);
    return text;
}
