/* A name that nothing can give is found by tools/embed_sql (db/fit.h) where the message is known to
 * it, and is a defect that fails one call where it is not.  */
#include "db/bind.h"
#include "call/page.h"
#include "db/field.h"
#include "db/fit.h"
#include "db/format.h"
#include "proto/method.h"

#include <ctype.h>
#include <endian.h>
#include <google/protobuf/field_mask.pb-c.h>
#include <google/protobuf/timestamp.pb-c.h>
#include <inttypes.h>
#include <string.h>

static const char *
after_prefix(const char *text, const char *prefix)
{
    size_t size = strlen(prefix);

    return strncmp(text, prefix, size) == 0 ? text + size : NULL;
}

const char *
bind_enum_text(Call *call, const ProtobufCEnumDescriptor *descriptor, int number)
{
    const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value(descriptor, number);
    char prefix[64];

    if (value == NULL || number == 0)
        return "";
    enum_prefix(descriptor, prefix, sizeof prefix);

    const char *rest = after_prefix(value->name, prefix);
    char *text = call_strdup(call, rest != NULL ? rest : value->name);

    for (char *c = text; c != NULL && *c != '\0'; c++)
        *c = *c == '_' ? '-' : (char) tolower((unsigned char) *c);
    return text;
}

static bool
value_text(Call *call, const char *text, BindValue *value)
{
    (void) call;
    if (text == NULL)
        return false;
    *value = (BindValue){.data = text};
    return true;
}

static bool
value_int64(Call *call, int64_t number, BindValue *value)
{
    return value_text(call, call_printf(call, "%" PRId64, number), value);
}

static bool
value_bool(Call *call, bool truth, BindValue *value)
{
    return value_text(call, truth ? "true" : "false", value);
}

/* An array of texts as PostgreSQL reads it: {"a","b"}, with \ before " and \. */
static bool
value_texts(Call *call, char *const *texts, size_t count, BindValue *value)
{
    size_t size = 3;

    for (size_t i = 0; i < count; i++)
        size += 3 + 2 * strlen(texts[i]);

    char *array = call_alloc(call, size);
    char *end = array;

    if (array == NULL)
        return false;
    *end++ = '{';
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            *end++ = ',';
        *end++ = '"';
        for (const char *c = texts[i]; *c != '\0'; c++) {
            if (*c == '"' || *c == '\\')
                *end++ = '\\';
            *end++ = *c;
        }
        *end++ = '"';
    }
    *end = '}';
    return value_text(call, array, value);
}

/* Of a field of which fit_parameter says that it gives something. */
static bool
value_field(Call *call, Field *field, const ProtobufCMessage *message, BindValue *value)
{
    if (message != NULL && field_is_absent(message, field))
        message = NULL;
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        if (message == NULL)
            return value_text(call, "{}", value);
        return value_texts(call, *(char *const *const *) field_at(message, field),
                           field_count(message, field), value);
    }
    switch (field->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
        return value_int64(call, message == NULL ? 0 : *(const int32_t *) field_at(message, field),
                           value);
    case PROTOBUF_C_TYPE_UINT32:
        return value_int64(call, message == NULL ? 0 : *(const uint32_t *) field_at(message, field),
                           value);
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
        return value_int64(call, message == NULL ? 0 : *(const int64_t *) field_at(message, field),
                           value);
    case PROTOBUF_C_TYPE_BOOL:
        return value_bool(
            call, message != NULL && *(const protobuf_c_boolean *) field_at(message, field), value);
    case PROTOBUF_C_TYPE_ENUM:
        return value_text(
            call,
            bind_enum_text(call, field->descriptor,
                           message == NULL ? 0 : *(const int *) field_at(message, field)),
            value);
    case PROTOBUF_C_TYPE_STRING:
        return value_text(call, message == NULL ? "" : *(char *const *) field_at(message, field),
                          value);
    case PROTOBUF_C_TYPE_BYTES: {
        static const ProtobufCBinaryData nothing;
        const ProtobufCBinaryData *bytes = message == NULL ? &nothing : field_at(message, field);

        *value = (BindValue){.data = bytes->len == 0 ? "" : (const char *) bytes->data,
                             .size = (int) bytes->len,
                             .format = 1};
        return true;
    }
    case PROTOBUF_C_TYPE_MESSAGE: {
        const Google__Protobuf__Timestamp *time =
            message == NULL
                ? NULL
                : *(const Google__Protobuf__Timestamp *const *) field_at(message, field);

        if (time == NULL) {
            *value = (BindValue){.data = NULL};
            return true;
        }

        int64_t *us = call_alloc(call, sizeof *us);

        if (us == NULL)
            return false;
        *us = (int64_t) htobe64(
            (uint64_t) ((time->seconds - FORMAT_EPOCH_S) * 1000000 + time->nanos / 1000));
        *value = (BindValue){.data = (const char *) us, .size = sizeof *us, .format = 1};
        return true;
    }
    default:
        return false;
    }
}

bool
bind_mask(const ProtobufCMessage *message, const char *path)
{
    Field *field = message == NULL ? NULL : field_find(message->descriptor, "update_mask", 11);

    if (field == NULL)
        return false;

    const Google__Protobuf__FieldMask *mask =
        *(const Google__Protobuf__FieldMask *const *) field_at(message, field);
    const char *dot = strchr(path, '.');

    for (size_t i = 0; mask != NULL && i < mask->n_paths; i++)
        if (strcmp(mask->paths[i], path) == 0 || strcmp(mask->paths[i], "*") == 0 ||
            (dot != NULL && strcmp(mask->paths[i], dot + 1) == 0))
            return true;
    return false;
}

/* One more than the page holds, which tells whether there is a next page. */
static bool
value_page_limit(Call *call, const ProtobufCMessage *message, BindValue *value)
{
    int32_t size;

    return page_size(call, message, &size) && value_int64(call, size + 1, value);
}

static bool
value_page_key(Call *call, const ProtobufCMessage *message, BindValue *value)
{
    const char *key;

    if (!page_key(call, message, &key))
        return false;
    *value = (BindValue){.data = NULL};
    return key == NULL || value_text(call, key, value);
}

#define CONTEXT(group, name, kind, expression)                                                     \
    static bool context_##group##_##name(Call *call, const ProtobufCMessage *message,              \
                                         BindValue *value)                                         \
    {                                                                                              \
        (void) message;                                                                            \
        return (expression);                                                                       \
    }
#include "db/parameter.def"
#undef CONTEXT

typedef struct Context {
    const char *name; /* "caller.id" */
    bool (*value)(Call *call, const ProtobufCMessage *message, BindValue *value);
} Context;

static const Context contexts[] = {
#define CONTEXT(group, name, kind, expression) {#group "." #name, context_##group##_##name},
#include "db/parameter.def"
#undef CONTEXT
};

/* NULL: no context is called so. */
static const Context *
context_find(const char *name)
{
    for (size_t i = 0; i < sizeof contexts / sizeof *contexts; i++)
        if (strcmp(contexts[i].name, name) == 0)
            return &contexts[i];
    return NULL;
}

static bool
value_arg(const char *name, const DbArg *args, BindValue *value)
{
    for (; args != NULL && args->name != NULL; args++) {
        if (strcmp(args->name, name) != 0)
            continue;
        if (args->bytes != NULL)
            *value = (BindValue){.data = args->bytes, .size = (int) args->bytes_size, .format = 1};
        else
            *value = (BindValue){.data = args->text};
        return true;
    }
    return false;
}

static bool
bind_parameter(Call *call, const Query *query, const char *name, const ProtobufCMessage *message,
               const DbArg *args, BindValue *value)
{
    const Context *context = context_find(name);
    const char *rest;
    Field *field;

    if (fit_parameter(name, message == NULL ? NULL : message->descriptor) == FIT_NOTHING)
        return call_defect(call, "%s: nothing gives :%s in %s", query->file, name,
                           message == NULL ? "a call without a message"
                                           : message->descriptor->name);
    if ((rest = after_prefix(name, "arg.")) != NULL)
        return value_arg(rest, args, value) ||
               call_defect(call, "%s: the handler does not give :%s", query->file, name);
    if (context != NULL)
        return context->value(call, message, value);
    if ((rest = after_prefix(name, "mask.")) != NULL)
        return value_bool(call, bind_mask(message, rest), value);
    field = field_path(message->descriptor, name, &message);
    return value_field(call, field, message, value);
}

bool
bind_parameters(Call *call, const Query *query, const ProtobufCMessage *message, const DbArg *args,
                BindValue *values)
{
    for (size_t i = 0; i < query->parameters_count; i++)
        if (!bind_parameter(call, query, query->parameters[i], message, args, &values[i]))
            return false;
    return true;
}

Google__Protobuf__Timestamp *
bind_timestamp(Call *call, int64_t us)
{
    Google__Protobuf__Timestamp *time = call_alloc(call, sizeof *time);

    if (time == NULL)
        return NULL;
    google__protobuf__timestamp__init(time);
    time->seconds = us / 1000000;
    time->nanos = (int32_t) (us % 1000000) * 1000;
    if (time->nanos < 0) {
        time->nanos += 1000000000;
        time->seconds--;
    }
    return time;
}
