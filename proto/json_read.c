/* By the messages' descriptors.  Called by the commands of ciq-client and by the server's HTTP; of
 * all messages it knows only Google's Timestamp and FieldMask by name.  */
#include "proto/json_read.h"
#include "proto/json_value.h"
#include "proto/method.h"

#include <google/protobuf/field_mask.pb-c.h>
#include <google/protobuf/timestamp.pb-c.h>

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef const ProtobufCFieldDescriptor Field;

enum { FIELDS_MAX = 128 }; /* of one message; checked below */

typedef struct Reader {
    unsigned style;
    JsonError *error; /* its path is that of the field that is being read */
} Reader;

/* ---- errors ---- */

static bool
refuse(Reader *reader, const char *what)
{
    snprintf(reader->error->what, JSON_WHAT, "%s", what);
    return false;
}

static size_t
enter_field(Reader *reader, const char *name)
{
    char *path = reader->error->path;
    size_t before = strlen(path);

    snprintf(path + before, JSON_PATH - before, "%s%s", before > 0 ? "." : "", name);
    return before;
}

static size_t
enter_element(Reader *reader, size_t index)
{
    char *path = reader->error->path;
    size_t before = strlen(path);

    snprintf(path + before, JSON_PATH - before, "[%zu]", index);
    return before;
}

static void
leave(Reader *reader, size_t before)
{
    reader->error->path[before] = '\0';
}

/* ---- values ---- */

/* A whole number in digits; false: it is none, or does not fit. */
static bool
read_whole(const char *text, bool *is_negative, uint64_t *number)
{
    char *end;

    *is_negative = text[0] == '-';
    text += *is_negative;
    if (!isdigit((unsigned char) text[0]))
        return false;
    errno = 0;
    *number = strtoull(text, &end, 10);
    return *end == '\0' && errno == 0;
}

/* 1.0 and 1e3 are whole numbers too. */
static bool
whole_of(const json_t *json, bool *is_negative, uint64_t *number)
{
    const double limit = 18446744073709551616.0;
    double real;

    if (json_is_integer(json)) {
        json_int_t whole = json_integer_value(json);

        *is_negative = whole < 0;
        *number = whole < 0 ? 0 - (uint64_t) whole : (uint64_t) whole;
        return true;
    }
    if (json_is_string(json))
        return strlen(json_string_value(json)) == json_string_length(json) &&
               read_whole(json_string_value(json), is_negative, number);
    real = json_is_real(json) ? json_real_value(json) : 0.5;
    *is_negative = real < 0;
    real = fabs(real);
    if (real >= limit || trunc(real) < real)
        return false;
    *number = (uint64_t) real;
    return true;
}

static bool
read_signed(Reader *reader, const json_t *json, int64_t low, int64_t high, int64_t *out)
{
    bool is_negative;
    uint64_t number;

    if (whole_of(json, &is_negative, &number) &&
        number <= (is_negative ? 0 - (uint64_t) low : (uint64_t) high)) {
        *out = is_negative ? (int64_t) (0 - number) : (int64_t) number;
        return true;
    }
    snprintf(reader->error->what, JSON_WHAT, "must be a whole number from %" PRId64 " to %" PRId64,
             low, high);
    return false;
}

static bool
read_unsigned(Reader *reader, const json_t *json, uint64_t high, uint64_t *out)
{
    bool is_negative;

    if (whole_of(json, &is_negative, out) && *out <= high && (!is_negative || *out == 0))
        return true;
    snprintf(reader->error->what, JSON_WHAT, "must be a whole number from 0 to %" PRIu64, high);
    return false;
}

/* A number, or a string with one, or with what JSON has no number for. */
static bool
read_real(Reader *reader, const json_t *json, double high, double *out)
{
    const char *text = json_string_value(json);
    char *end = NULL;

    if (json_is_number(json)) {
        *out = json_number_value(json);
    } else if (text != NULL && strcmp(text, "NaN") == 0) {
        *out = NAN;
        return true;
    } else if (text != NULL && (strcmp(text, "Infinity") == 0 || strcmp(text, "-Infinity") == 0)) {
        *out = text[0] == '-' ? -INFINITY : INFINITY;
        return true;
    } else if (text == NULL || text[0] == '\0' || text[strspn(text, "0123456789+-.eE")] != '\0' ||
               (*out = strtod(text, &end), *end != '\0')) {
        return refuse(reader, "must be a number, \"NaN\", \"Infinity\" or \"-Infinity\"");
    }
    return fabs(*out) <= high || refuse(reader, "is too large for a number of this field");
}

/* Also a word as a flag of a command line has it. */
static bool
is_value_of(const Reader *reader, const ProtobufCEnumDescriptor *descriptor,
            const ProtobufCEnumValue *value, const char *text)
{
    char *word;
    bool found;

    if (text == NULL || strcmp(value->name, text) == 0)
        return text != NULL;
    if ((reader->style & JSON_WORDS) == 0)
        return false;
    word = enum_word(descriptor, value->value);
    found = word != NULL && strcasecmp(word, text) == 0;
    free(word);
    return found;
}

static void
refuse_enum(Reader *reader, const ProtobufCEnumDescriptor *descriptor)
{
    char *what = reader->error->what;

    snprintf(what, JSON_WHAT, "must be one of:");
    for (unsigned i = 0; i < descriptor->n_values; i++) {
        char *word =
            reader->style & JSON_WORDS ? enum_word(descriptor, descriptor->values[i].value) : NULL;

        if ((reader->style & JSON_WORDS) == 0 || i > 0)
            snprintf(what + strlen(what), JSON_WHAT - strlen(what), " %s",
                     word != NULL ? word : descriptor->values[i].name);
        free(word);
    }
}

static bool
read_enum(Reader *reader, Field *field, const json_t *json, int *out)
{
    const ProtobufCEnumDescriptor *descriptor = field->descriptor;
    const char *text = json_string_value(json);
    bool is_negative;
    uint64_t number;

    /* proto3's enums are open: a number without a name is allowed */
    if (json_is_number(json) && whole_of(json, &is_negative, &number) &&
        number <= (is_negative ? (uint64_t) INT32_MAX + 1 : (uint64_t) INT32_MAX)) {
        *out = (int) (is_negative ? -(int64_t) number : (int64_t) number);
        return true;
    }
    for (unsigned i = 0; i < descriptor->n_values; i++)
        if (is_value_of(reader, descriptor, &descriptor->values[i], text)) {
            *out = descriptor->values[i].value;
            return true;
        }
    refuse_enum(reader, descriptor);
    return false;
}

static bool
read_truth(Reader *reader, const json_t *json, protobuf_c_boolean *out)
{
    const char *word = reader->style & JSON_WORDS ? json_string_value(json) : NULL;
    bool is_true = json_is_true(json) || (word != NULL && strcmp(word, "true") == 0);
    bool is_false = json_is_false(json) || (word != NULL && strcmp(word, "false") == 0);

    *out = is_true;
    return is_true || is_false || refuse(reader, "must be true or false");
}

/* A string without NUL, which would be cut there. */
static bool
is_text(Reader *reader, const json_t *json)
{
    if (!json_is_string(json))
        return refuse(reader, "must be a string");
    return strlen(json_string_value(json)) == json_string_length(json) ||
           refuse(reader, "must not hold a NUL");
}

static bool
read_string(Reader *reader, const json_t *json, char **out)
{
    char *copy;

    if (!is_text(reader, json))
        return false;
    copy = strdup(json_string_value(json));
    if (copy == NULL)
        return refuse(reader, "no memory");
    *out = copy;
    return true;
}

/* Both alphabets, with and without the padding; '=' stands only at the end. */
static bool
read_bytes(Reader *reader, const json_t *json, ProtobufCBinaryData *out)
{
    static const char wrong[] = "must be base64";
    const char *text = json_string_value(json);
    size_t size = json_string_length(json), digits;
    char *plain;
    bool ok;

    if (text == NULL)
        return refuse(reader, wrong);
    digits = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_");
    if (digits % 4 == 1 || (size != digits && (size % 4 != 0 || size - digits > 2)) ||
        strspn(text + digits, "=") != size - digits)
        return refuse(reader, wrong);
    plain = strndup(text, digits);
    out->data = malloc(digits + 1);
    ok = plain != NULL && out->data != NULL;
    for (char *c = plain; ok && *c != '\0'; c++)
        *c = (char) (*c == '-' ? '+' : *c == '_' ? '/' : *c);
    if (!ok)
        ok = refuse(reader, "no memory");
    else if (sodium_base642bin(out->data, digits + 1, plain, digits, NULL, &out->len, NULL,
                               sodium_base64_VARIANT_ORIGINAL_NO_PADDING) != 0)
        ok = refuse(reader, wrong);
    free(plain);
    if (!ok) {
        free(out->data);
        *out = (ProtobufCBinaryData){0};
    }
    return ok;
}

/* ---- messages ---- */

static ProtobufCMessage *
message_new(Reader *reader, const ProtobufCMessageDescriptor *descriptor)
{
    ProtobufCMessage *message = calloc(1, descriptor->sizeof_message);

    if (message != NULL)
        descriptor->message_init(message);
    else
        (void) refuse(reader, "no memory");
    return message;
}

static bool
read_time(Reader *reader, const json_t *json, ProtobufCMessage **out)
{
    int64_t seconds;
    int32_t nanos;
    const char *wrong =
        json_time_read(json_is_string(json) ? json_string_value(json) : "", &seconds, &nanos);
    Google__Protobuf__Timestamp *time;

    if (wrong != NULL)
        return refuse(reader, wrong);
    *out = message_new(reader, &google__protobuf__timestamp__descriptor);
    time = (Google__Protobuf__Timestamp *) *out;
    if (time == NULL)
        return false;
    time->seconds = seconds;
    time->nanos = nanos;
    return true;
}

/* "firstName" and "first_name" are the same path. */
static char *
snake_path(const char *path, size_t size)
{
    char *snake = malloc(size * 2 + 1), *end = snake;

    for (size_t i = 0; snake != NULL && i < size; i++) {
        if (isupper((unsigned char) path[i]))
            *end++ = '_';
        *end++ = (char) tolower((unsigned char) path[i]);
    }
    if (snake != NULL)
        *end = '\0';
    return snake;
}

static bool
read_mask(Reader *reader, const json_t *json, ProtobufCMessage **out)
{
    Google__Protobuf__FieldMask *mask;
    const char *text = json_string_value(json);

    if (text == NULL)
        return refuse(reader, "must be field names separated by commas");
    if (!is_text(reader, json))
        return false;
    *out = message_new(reader, &google__protobuf__field_mask__descriptor);
    mask = (Google__Protobuf__FieldMask *) *out;
    if (mask == NULL)
        return false;
    mask->paths = calloc(strlen(text) + 1, sizeof(char *));
    while (mask->paths != NULL && *text != '\0') {
        size_t size = strcspn(text, ",");

        if (size > 0 && (mask->paths[mask->n_paths] = snake_path(text, size)) == NULL)
            break;
        mask->n_paths += size > 0;
        text += size + (text[size] == ',');
    }
    return (mask->paths != NULL && *text == '\0') || refuse(reader, "no memory");
}

static bool read_fields(Reader *reader, const json_t *json, ProtobufCMessage *message);

static bool
read_inner(Reader *reader, Field *field, const json_t *json, ProtobufCMessage **out)
{
    if (field->descriptor == &google__protobuf__timestamp__descriptor)
        return read_time(reader, json, out);
    if (field->descriptor == &google__protobuf__field_mask__descriptor)
        return read_mask(reader, json, out);
    *out = message_new(reader, field->descriptor);
    return *out != NULL && read_fields(reader, json, *out);
}

static bool
read_value(Reader *reader, Field *field, const json_t *json, void *at)
{
    int64_t number;
    uint64_t positive;
    double real;

    switch (field->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
        if (!read_signed(reader, json, INT32_MIN, INT32_MAX, &number))
            return false;
        *(int32_t *) at = (int32_t) number;
        return true;
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        if (!read_unsigned(reader, json, UINT32_MAX, &positive))
            return false;
        *(uint32_t *) at = (uint32_t) positive;
        return true;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
        return read_signed(reader, json, INT64_MIN, INT64_MAX, at);
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        return read_unsigned(reader, json, UINT64_MAX, at);
    case PROTOBUF_C_TYPE_FLOAT: /* what is rounded to the largest float is one */
        if (!read_real(reader, json, 3.4028235677973362e38, &real))
            return false;
        *(float *) at = (float) real;
        return true;
    case PROTOBUF_C_TYPE_DOUBLE:
        return read_real(reader, json, 1.7976931348623157e308, at);
    case PROTOBUF_C_TYPE_BOOL:
        return read_truth(reader, json, at);
    case PROTOBUF_C_TYPE_ENUM:
        return read_enum(reader, field, json, at);
    case PROTOBUF_C_TYPE_STRING:
        return read_string(reader, json, at);
    case PROTOBUF_C_TYPE_BYTES:
        return read_bytes(reader, json, at);
    case PROTOBUF_C_TYPE_MESSAGE:
        return read_inner(reader, field, json, at);
    }
    return false;
}

static bool
read_elements(Reader *reader, Field *field, const json_t *json, ProtobufCMessage *message)
{
    char *elements;
    size_t count = json_array_size(json), size = json_element_size(field);

    if (!json_is_array(json))
        return refuse(reader, "must be an array");
    elements = calloc(count + 1, size);
    if (elements == NULL)
        return refuse(reader, "no memory");
    memcpy((char *) message + field->offset, &elements, sizeof elements);
    for (size_t i = 0; i < count; i++) {
        size_t taken = i + 1, before = enter_element(reader, i);
        bool ok = read_value(reader, field, json_array_get(json, i), elements + i * size);

        /* one that failed half-way is freed with the others; a string that failed is not there */
        if (ok || field->type == PROTOBUF_C_TYPE_MESSAGE)
            memcpy((char *) message + field->quantifier_offset, &taken, sizeof taken);
        if (!ok)
            return false;
        leave(reader, before);
    }
    return true;
}

/* The field of this name, or of this name in lowerCamelCase. */
static Field *
find_field(const ProtobufCMessageDescriptor *descriptor, const char *name)
{
    Field *field = protobuf_c_message_descriptor_get_field_by_name(descriptor, name);
    char camel[JSON_NAME];

    for (unsigned i = 0; field == NULL && i < descriptor->n_fields; i++) {
        json_camel(descriptor->fields[i].name, camel);
        if (strcmp(camel, name) == 0)
            field = &descriptor->fields[i];
    }
    return field;
}

/* The member of the field's oneof that was given already; NULL: none. */
static Field *
chosen_of(const ProtobufCMessage *message, Field *field)
{
    uint32_t chosen;

    memcpy(&chosen, (const char *) message + field->quantifier_offset, sizeof chosen);
    return protobuf_c_message_descriptor_get_field(message->descriptor, chosen);
}

static bool
read_field(Reader *reader, Field *field, const json_t *json, ProtobufCMessage *message)
{
    Field *chosen = field_is_choice(field) ? chosen_of(message, field) : NULL;
    bool ok;

    if (chosen != NULL) {
        snprintf(reader->error->what, JSON_WHAT, "must not be given together with %s",
                 chosen->name);
        return false;
    }
    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        return read_elements(reader, field, json, message);
    ok = read_value(reader, field, json, (char *) message + field->offset);
    /* also of one that failed half-way, so that it is freed; a string that failed is not there */
    if (field_is_choice(field) && (ok || field->type == PROTOBUF_C_TYPE_MESSAGE))
        memcpy((char *) message + field->quantifier_offset, &field->id, sizeof field->id);
    return ok;
}

static bool
read_fields(Reader *reader, const json_t *json, ProtobufCMessage *message)
{
    const ProtobufCMessageDescriptor *descriptor = message->descriptor;
    bool seen[FIELDS_MAX] = {false};
    const char *name;
    json_t *value;

    assert(descriptor->n_fields <= FIELDS_MAX);
    if (!json_is_object(json)) {
        snprintf(reader->error->what, JSON_WHAT, "%s must be a JSON object",
                 descriptor->short_name);
        return false;
    }
    /* jansson's macro takes no pointer to const */
    json_object_foreach((json_t *) (uintptr_t) json, name, value)
    {
        Field *field = find_field(descriptor, name);
        size_t before;

        if (field == NULL && (reader->style & JSON_IGNORE_UNKNOWN) != 0)
            continue;
        if (field == NULL) {
            snprintf(reader->error->what, JSON_WHAT, "%s has no field %.100s",
                     descriptor->short_name, name);
            return false;
        }
        before = enter_field(reader, field->name);
        /* given under both of its names, it has two values */
        if (seen[field - descriptor->fields])
            return refuse(reader, "is given twice");
        seen[field - descriptor->fields] = true;
        if (!json_is_null(value) && !read_field(reader, field, value, message))
            return false;
        leave(reader, before);
    }
    return true;
}

ProtobufCMessage *
json_read(const ProtobufCMessageDescriptor *descriptor, const json_t *json, unsigned style,
          JsonError *error)
{
    Reader reader = {.style = style, .error = error};
    ProtobufCMessage *message;

    *error = (JsonError){0};
    message = message_new(&reader, descriptor);
    if (message == NULL || read_fields(&reader, json, message))
        return message;
    protobuf_c_message_free_unpacked(message, NULL);
    return NULL;
}
