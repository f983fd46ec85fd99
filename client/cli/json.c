/* Messages and JSON, by the messages' descriptors.  Called by the commands; of all messages it
 * knows only Google's Timestamp and FieldMask by name.  */
#include "client/cli/json.h"
#include "proto/method.h"

#include <google/protobuf/field_mask.pb-c.h>
#include <google/protobuf/timestamp.pb-c.h>

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef const ProtobufCFieldDescriptor Field;

char *
enum_word(const ProtobufCEnumDescriptor *descriptor, int number)
{
    const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value(descriptor, number);
    char prefix[96], *word;

    if (value == NULL) {
        if (asprintf(&word, "%d", number) < 0)
            return NULL;
        return word;
    }
    enum_prefix(descriptor, prefix, sizeof prefix);
    word = strdup(strncmp(value->name, prefix, strlen(prefix)) == 0 ? value->name + strlen(prefix)
                                                                    : value->name);
    for (char *c = word; c != NULL && *c != '\0'; c++)
        *c = *c == '_' ? '-' : (char) tolower((unsigned char) *c);
    return word;
}

/* RFC 3339 in UTC. */
static void
time_text(const ProtobufCMessage *timestamp, char text[40])
{
    const Google__Protobuf__Timestamp *time = (const Google__Protobuf__Timestamp *) timestamp;
    time_t seconds = (time_t) time->seconds;
    struct tm calendar;
    size_t used = 0;

    if (gmtime_r(&seconds, &calendar) != NULL)
        used = strftime(text, 40, "%Y-%m-%dT%H:%M:%S", &calendar);
    if (time->nanos != 0)
        used += (size_t) snprintf(text + used, 40 - used, ".%06d", time->nanos / 1000);
    snprintf(text + used, 40 - used, "Z");
}

/* ---- message to JSON ---- */

static json_t *
json_of_mask(const ProtobufCMessage *message)
{
    const Google__Protobuf__FieldMask *mask = (const Google__Protobuf__FieldMask *) message;
    json_t *json;
    char *text = NULL;
    size_t size;
    FILE *stream = open_memstream(&text, &size);

    if (stream == NULL)
        return NULL;
    for (size_t i = 0; i < mask->n_paths; i++)
        fprintf(stream, "%s%s", i > 0 ? "," : "", mask->paths[i]);
    fclose(stream);
    json = json_string(text);
    free(text);
    return json;
}

/* In base64; NULL: no memory. */
static json_t *
json_of_bytes(const ProtobufCBinaryData *bytes)
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

static json_t *
json_of_value(Field *field, const void *at)
{
    char text[64];

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
        return json_real((double) *(const float *) at);
    case PROTOBUF_C_TYPE_DOUBLE:
        return json_real(*(const double *) at);
    case PROTOBUF_C_TYPE_BOOL:
        return json_boolean(*(const protobuf_c_boolean *) at);
    case PROTOBUF_C_TYPE_ENUM: {
        const ProtobufCEnumValue *value =
            protobuf_c_enum_descriptor_get_value(field->descriptor, *(const int *) at);

        return value != NULL ? json_string(value->name) : json_integer(*(const int *) at);
    }
    case PROTOBUF_C_TYPE_STRING:
        return json_string(*(char *const *) at);
    case PROTOBUF_C_TYPE_BYTES:
        return json_of_bytes(at);
    case PROTOBUF_C_TYPE_MESSAGE: {
        const ProtobufCMessage *inner = *(const ProtobufCMessage *const *) at;

        if (inner == NULL)
            return json_null();
        if (inner->descriptor == &google__protobuf__timestamp__descriptor) {
            time_text(inner, text);
            return json_string(text);
        }
        if (inner->descriptor == &google__protobuf__field_mask__descriptor)
            return json_of_mask(inner);
        return json_of_message(inner);
    }
    }
    return json_null();
}

static size_t
value_size(Field *field)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return 8;
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_MESSAGE:
        return sizeof(void *);
    case PROTOBUF_C_TYPE_BYTES:
        return sizeof(ProtobufCBinaryData);
    default:
        return 4;
    }
}

json_t *
json_of_message(const ProtobufCMessage *message)
{
    json_t *object = json_object();

    for (unsigned i = 0; object != NULL && i < message->descriptor->n_fields; i++) {
        Field *field = &message->descriptor->fields[i];
        const char *at = (const char *) message + field->offset;
        json_t *value;

        if (field_is_absent(message, field))
            continue;
        if (field->label == PROTOBUF_C_LABEL_REPEATED) {
            size_t count;
            const char *elements = *(const char *const *) (const void *) at;

            memcpy(&count, (const char *) message + field->quantifier_offset, sizeof count);
            value = json_array();
            for (size_t j = 0; j < count; j++)
                json_array_append_new(value,
                                      json_of_value(field, elements + j * value_size(field)));
        } else {
            value = json_of_value(field, at);
        }
        json_object_set_new(object, field->name, value);
    }
    return object;
}

/* ---- JSON to message ---- */

static bool
json_refuse(char error[256], Field *field, const char *what)
{
    snprintf(error, 256, "%s: %s", field->name, what);
    return false;
}

static bool
integer_of(Field *field, const json_t *json, int64_t low, int64_t high, int64_t *number,
           char error[256])
{
    const char *text = json_string_value(json);
    char *end;

    errno = 0;
    if (json_is_integer(json)) {
        *number = json_integer_value(json);
    } else {
        if (text == NULL || text[0] == '\0')
            return json_refuse(error, field, "must be a whole number");
        *number = strtoll(text, &end, 10);
        if (*end != '\0')
            return json_refuse(error, field, "must be a whole number");
    }
    if (errno != 0 || *number < low || *number > high) {
        snprintf(error, 256, "%s: must be a whole number from %" PRId64 " to %" PRId64, field->name,
                 low, high);
        return false;
    }
    return true;
}

static bool
enum_of(Field *field, const json_t *json, int *number, char error[256])
{
    const ProtobufCEnumDescriptor *descriptor = field->descriptor;
    const char *text = json_string_value(json);
    char allowed[200] = "";

    /* proto3's enums are open: a number without a name is allowed */
    if (json_is_integer(json) && json_integer_value(json) >= INT32_MIN &&
        json_integer_value(json) <= INT32_MAX) {
        *number = (int) json_integer_value(json);
        return true;
    }
    for (unsigned i = 0; i < descriptor->n_values; i++) {
        char *word = enum_word(descriptor, descriptor->values[i].value);
        bool found = word != NULL && text != NULL &&
                     (strcasecmp(word, text) == 0 || strcmp(descriptor->values[i].name, text) == 0);

        if (i > 0 && word != NULL)
            snprintf(allowed + strlen(allowed), sizeof allowed - strlen(allowed), " %s", word);
        free(word);
        if (found) {
            *number = descriptor->values[i].value;
            return true;
        }
    }
    snprintf(error, 256, "%s: must be one of:%s", field->name, allowed);
    return false;
}

static bool
truth_of(Field *field, const json_t *json, bool *truth, char error[256])
{
    const char *word = json_string_value(json);

    if (json_is_boolean(json)) {
        *truth = json_is_true(json);
        return true;
    }
    if (word != NULL && (strcmp(word, "true") == 0 || strcmp(word, "false") == 0)) {
        *truth = strcmp(word, "true") == 0;
        return true;
    }
    return json_refuse(error, field, "must be true or false");
}

static ProtobufCMessage *
json_message_new(const ProtobufCMessageDescriptor *descriptor)
{
    ProtobufCMessage *message = calloc(1, descriptor->sizeof_message);

    if (message != NULL)
        descriptor->message_init(message);
    return message;
}

/* The offset "Z" or "+01:30", in seconds. */
static bool
offset_of(const char *text, long *seconds)
{
    int hours, minutes, size = 0;

    *seconds = 0;
    if (strcmp(text, "Z") == 0)
        return true;
    if ((text[0] != '+' && text[0] != '-') ||
        sscanf(text + 1, "%2d:%2d%n", &hours, &minutes, &size) != 2 || size != 5 ||
        text[6] != '\0' || hours > 23 || minutes > 59)
        return false;
    *seconds = (hours * 60L + minutes) * (text[0] == '+' ? 60 : -60);
    return true;
}

static bool
time_of(Field *field, const json_t *json, ProtobufCMessage **out, char error[256])
{
    const char *text = json_is_string(json) ? json_string_value(json) : "", *rest;
    struct tm calendar = {0};
    Google__Protobuf__Timestamp *time;
    int32_t nanos = 0;
    long offset;

    rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &calendar);
    if (rest == NULL || rest - text != 19) /* strptime takes shorter texts too */
        return json_refuse(error, field, "must be a time such as 2026-01-31T12:00:00Z");
    if (*rest == '.') {
        size_t digits = strspn(++rest, "0123456789");

        if (digits == 0 || digits > 9)
            return json_refuse(error, field, "must have one to nine digits after the point");
        for (size_t i = 0; i < 9; i++)
            nanos = nanos * 10 + (i < digits ? rest[i] - '0' : 0);
        rest += digits;
    }
    if (!offset_of(rest, &offset))
        return json_refuse(error, field, "must be a time such as 2026-01-31T12:00:00Z");
    time =
        (Google__Protobuf__Timestamp *) json_message_new(&google__protobuf__timestamp__descriptor);
    if (time == NULL)
        return json_refuse(error, field, "no memory");
    time->seconds = timegm(&calendar) - offset;
    time->nanos = nanos;
    *out = &time->base;
    return true;
}

static bool
mask_of(Field *field, const json_t *json, ProtobufCMessage **out, char error[256])
{
    Google__Protobuf__FieldMask *mask;
    const char *text = json_string_value(json);

    if (text == NULL)
        return json_refuse(error, field, "must be field names separated by commas");
    mask =
        (Google__Protobuf__FieldMask *) json_message_new(&google__protobuf__field_mask__descriptor);
    if (mask == NULL || (mask->paths = calloc(strlen(text) + 1, sizeof(char *))) == NULL) {
        free(mask);
        return json_refuse(error, field, "no memory");
    }
    while (*text != '\0') {
        size_t size = strcspn(text, ",");

        if (size > 0)
            mask->paths[mask->n_paths++] = strndup(text, size);
        text += size + (text[size] == ',');
    }
    *out = &mask->base;
    return true;
}

static bool
value_of(Field *field, const json_t *json, void *at, char error[256])
{
    int64_t number;
    bool truth = false;

    switch (field->type) {
    case PROTOBUF_C_TYPE_INT32:
        if (!integer_of(field, json, INT32_MIN, INT32_MAX, &number, error))
            return false;
        *(int32_t *) at = (int32_t) number;
        return true;
    case PROTOBUF_C_TYPE_UINT32:
        if (!integer_of(field, json, 0, UINT32_MAX, &number, error))
            return false;
        *(uint32_t *) at = (uint32_t) number;
        return true;
    case PROTOBUF_C_TYPE_INT64:
        return integer_of(field, json, INT64_MIN, INT64_MAX, at, error);
    case PROTOBUF_C_TYPE_UINT64: /* no field of ours goes above INT64_MAX */
        if (!integer_of(field, json, 0, INT64_MAX, &number, error))
            return false;
        *(uint64_t *) at = (uint64_t) number;
        return true;
    case PROTOBUF_C_TYPE_BOOL:
        if (!truth_of(field, json, &truth, error))
            return false;
        *(protobuf_c_boolean *) at = truth;
        return true;
    case PROTOBUF_C_TYPE_ENUM:
        return enum_of(field, json, at, error);
    case PROTOBUF_C_TYPE_STRING:
        if (!json_is_string(json))
            return json_refuse(error, field, "must be a string");
        *(char **) at = strdup(json_string_value(json));
        if (*(char **) at == NULL)
            return json_refuse(error, field, "no memory");
        return true;
    case PROTOBUF_C_TYPE_MESSAGE:
        if (field->descriptor == &google__protobuf__timestamp__descriptor)
            return time_of(field, json, at, error);
        if (field->descriptor == &google__protobuf__field_mask__descriptor)
            return mask_of(field, json, at, error);
        *(ProtobufCMessage **) at = json_to_message(field->descriptor, json, error);
        return *(ProtobufCMessage **) at != NULL;
    default:
        return json_refuse(error, field, "cannot be given as JSON");
    }
}

static bool
elements_of(Field *field, const json_t *json, ProtobufCMessage *message, char error[256])
{
    char *elements;
    size_t count = json_array_size(json), size = value_size(field);

    if (!json_is_array(json))
        return json_refuse(error, field, "must be an array");
    elements = calloc(count + 1, size);
    if (elements == NULL)
        return json_refuse(error, field, "no memory");
    memcpy((char *) message + field->offset, &elements, sizeof elements);
    for (size_t i = 0; i < count; i++) {
        size_t taken = i + 1;

        if (!value_of(field, json_array_get(json, i), elements + i * size, error))
            return false;
        memcpy((char *) message + field->quantifier_offset, &taken, sizeof taken);
    }
    return true;
}

/* The field of this name; "adminEmail" is admin_email too. */
static Field *
find_field(const ProtobufCMessageDescriptor *descriptor, const char *name)
{
    char snake[128];
    size_t used = 0;

    for (; *name != '\0' && used + 2 < sizeof snake; name++) {
        if (isupper((unsigned char) *name))
            snake[used++] = '_';
        snake[used++] = (char) tolower((unsigned char) *name);
    }
    snake[used] = '\0';
    return protobuf_c_message_descriptor_get_field_by_name(descriptor, snake);
}

/* The member of the field's oneof that was given already; NULL: none. */
static Field *
chosen_of(const ProtobufCMessage *message, Field *field)
{
    uint32_t chosen;

    memcpy(&chosen, (const char *) message + field->quantifier_offset, sizeof chosen);
    return protobuf_c_message_descriptor_get_field(message->descriptor, chosen);
}

enum { FIELDS_MAX = 128 }; /* of one message; checked below */

static bool
fill_message(const json_t *json, ProtobufCMessage *message, char error[256])
{
    const ProtobufCMessageDescriptor *descriptor = message->descriptor;
    bool seen[FIELDS_MAX] = {false};
    const char *name;
    json_t *value;

    assert(descriptor->n_fields <= FIELDS_MAX);
    /* jansson's macro takes no pointer to const */
    json_object_foreach((json_t *) (uintptr_t) json, name, value)
    {
        Field *field = find_field(descriptor, name), *chosen;
        bool ok;

        if (field == NULL) {
            snprintf(error, 256, "%s has no field %.100s", descriptor->short_name, name);
            return false;
        }
        /* given under both of its names, it has two values */
        if (seen[field - descriptor->fields])
            return json_refuse(error, field, "is given twice");
        seen[field - descriptor->fields] = true;
        if (json_is_null(value))
            continue;
        chosen = field_is_choice(field) ? chosen_of(message, field) : NULL;
        if (chosen != NULL) {
            snprintf(error, 256, "%s: must not be given together with %s", field->name,
                     chosen->name);
            return false;
        }
        ok = field->label == PROTOBUF_C_LABEL_REPEATED
                 ? elements_of(field, value, message, error)
                 : value_of(field, value, (char *) message + field->offset, error);
        if (!ok)
            return false;
        if (field_is_choice(field))
            memcpy((char *) message + field->quantifier_offset, &field->id, sizeof field->id);
    }
    return true;
}

ProtobufCMessage *
json_to_message(const ProtobufCMessageDescriptor *descriptor, const json_t *json, char error[256])
{
    ProtobufCMessage *message;

    if (!json_is_object(json)) {
        snprintf(error, 256, "%s must be a JSON object", descriptor->short_name);
        return NULL;
    }
    message = json_message_new(descriptor);
    if (message == NULL) {
        snprintf(error, 256, "no memory");
        return NULL;
    }
    if (fill_message(json, message, error))
        return message;
    protobuf_c_message_free_unpacked(message, NULL);
    return NULL;
}
