/* Parameters out of messages and messages out of columns.  Small and total: whatever is
 * not bindable is found by bind_check in a test, so a user's call never meets it.  */
#include "db/bind.h"
#include "call/page.h"
#include "proto/method.h"

#include <assert.h>
#include <ctype.h>
#include <endian.h>
#include <google/protobuf/field_mask.pb-c.h>
#include <google/protobuf/timestamp.pb-c.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* PostgreSQL's type oids, from pg_type.dat; they never change. */
enum {
    TYPE_BOOL = 16,
    TYPE_BYTEA = 17,
    TYPE_NAME = 19,
    TYPE_INT8 = 20,
    TYPE_INT2 = 21,
    TYPE_INT4 = 23,
    TYPE_TEXT = 25,
    TYPE_TEXT_ARRAY = 1009,
    TYPE_VARCHAR = 1043,
    TYPE_TIMESTAMPTZ = 1184
};

/* Seconds from 1970-01-01 to PostgreSQL's epoch, 2000-01-01. */
static const int64_t postgres_epoch_s = 946684800;

enum {
    REPLY_ROWS_MAX = WIRE_MESSAGE_MAX * 3 / 4
}; /* bytes of rows in one reply; the page ends early */

typedef const ProtobufCFieldDescriptor Field;

static const void *
field_at(const ProtobufCMessage *message, Field *field)
{
    return (const char *) message + field->offset;
}

static void *
field_of(ProtobufCMessage *message, Field *field)
{
    return (char *) message + field->offset;
}

static size_t
field_count(const ProtobufCMessage *message, Field *field)
{
    size_t count;

    memcpy(&count, (const char *) message + field->quantifier_offset, sizeof count);
    return count;
}

static Field *
field_find(const ProtobufCMessageDescriptor *descriptor, const char *name, size_t size)
{
    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        Field *field = &descriptor->fields[i];

        if (strlen(field->name) == size && memcmp(field->name, name, size) == 0)
            return field;
    }
    return NULL;
}

/* Follows "user.email".  *message becomes the message that holds the field, NULL if a message on
 * the way is absent. */
static Field *
path_find(const ProtobufCMessageDescriptor *descriptor, const char *path,
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

static bool
is_type(Field *field, const ProtobufCMessageDescriptor *descriptor)
{
    return field->type == PROTOBUF_C_TYPE_MESSAGE && field->descriptor == descriptor;
}

const char *
bind_enum_text(Call *call, const ProtobufCEnumDescriptor *descriptor, int number)
{
    const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value(descriptor, number);
    char prefix[64];

    if (value == NULL || number == 0)
        return "";
    enum_prefix(descriptor, prefix, sizeof prefix);
    assert(strncmp(value->name, prefix, strlen(prefix)) == 0);

    char *text = call_strdup(call, value->name + strlen(prefix));

    for (char *c = text; c != NULL && *c != '\0'; c++)
        *c = *c == '_' ? '-' : (char) tolower((unsigned char) *c);
    return text;
}

static int
enum_number(const ProtobufCEnumDescriptor *descriptor, const char *text, size_t size)
{
    char name[96];
    size_t used;

    enum_prefix(descriptor, name, sizeof name);
    used = strlen(name);
    for (size_t i = 0; i < size && used + 1 < sizeof name; i++)
        name[used++] = text[i] == '-' ? '_' : (char) toupper((unsigned char) text[i]);
    name[used] = '\0';

    const ProtobufCEnumValue *value =
        protobuf_c_enum_descriptor_get_value_by_name(descriptor, name);

    return value == NULL ? 0 : value->value;
}

/* ---- parameters ---- */

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

static bool
value_field(Call *call, Field *field, const ProtobufCMessage *message, BindValue *value)
{
    if (message != NULL && field_is_absent(message, field))
        message = NULL;
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        assert(field->type == PROTOBUF_C_TYPE_STRING);
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

        assert(is_type(field, &google__protobuf__timestamp__descriptor));
        if (time == NULL) {
            *value = (BindValue){.data = NULL};
            return true;
        }

        int64_t *us = call_alloc(call, sizeof *us);

        if (us == NULL)
            return false;
        *us = (int64_t) htobe64(
            (uint64_t) ((time->seconds - postgres_epoch_s) * 1000000 + time->nanos / 1000));
        *value = (BindValue){.data = (const char *) us, .size = sizeof *us, .format = 1};
        return true;
    }
    default:
        assert(false && "a field type that no statement can take");
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

static bool
page_size(Call *call, const ProtobufCMessage *message, int32_t *size)
{
    Field *field = field_find(message->descriptor, "page_size", 9);
    int32_t asked = *(const int32_t *) field_at(message, field);

    if (asked < 0)
        return call_fail_field(call, "page_size", "must not be negative, got %" PRId32, asked);
    *size = asked == 0 ? LIMIT_PAGE_DEFAULT : asked > LIMIT_PAGE ? LIMIT_PAGE : asked;
    return true;
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

#define CONTEXT(group, name, expression)                                                           \
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
#define CONTEXT(group, name, expression) {#group "." #name, context_##group##_##name},
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
    assert(false && "a handler did not give a statement's argument");
    return false;
}

static const char *
after_prefix(const char *text, const char *prefix)
{
    size_t size = strlen(prefix);

    return strncmp(text, prefix, size) == 0 ? text + size : NULL;
}

static bool
bind_parameter(Call *call, const char *name, const ProtobufCMessage *message, const DbArg *args,
               BindValue *value)
{
    const Context *context = context_find(name);
    const char *rest;

    if ((rest = after_prefix(name, "arg.")) != NULL)
        return value_arg(rest, args, value);
    if (context != NULL)
        return context->value(call, message, value);
    if ((rest = after_prefix(name, "mask.")) != NULL)
        return value_bool(call, bind_mask(message, rest), value);

    assert(message != NULL);
    Field *field = path_find(message->descriptor, name, &message);

    assert(field != NULL);
    return value_field(call, field, message, value);
}

bool
bind_parameters(Call *call, const Query *query, const ProtobufCMessage *message, const DbArg *args,
                BindValue *values)
{
    for (size_t i = 0; i < query->parameters_count; i++)
        if (!bind_parameter(call, query->parameters[i], message, args, &values[i]))
            return false;
    return true;
}

/* ---- answers ---- */

static uint64_t
cell_big_endian(BindCell cell, size_t size)
{
    uint64_t number = 0;

    assert(cell.size == size);
    for (size_t i = 0; i < size; i++)
        number = number << 8 | (uint8_t) cell.data[i];
    return number;
}

int64_t
bind_int64(BindColumn column, BindCell cell)
{
    if (cell.data == NULL)
        return 0;
    switch (column.type) {
    case TYPE_INT8:
        return (int64_t) cell_big_endian(cell, 8);
    case TYPE_INT4:
        return (int32_t) cell_big_endian(cell, 4);
    case TYPE_INT2:
        return (int16_t) cell_big_endian(cell, 2);
    default:
        assert(false && "a column that should be a number");
        return 0;
    }
}

bool
bind_bool(BindColumn column, BindCell cell)
{
    assert(column.type == TYPE_BOOL);
    return cell.data != NULL && cell.data[0] != 0;
}

int64_t
bind_time_us(BindColumn column, BindCell cell)
{
    assert(column.type == TYPE_TIMESTAMPTZ);
    if (cell.data == NULL)
        return 0;
    return (int64_t) cell_big_endian(cell, 8) + postgres_epoch_s * 1000000;
}

const char *
bind_text(Call *call, BindColumn column, BindCell cell)
{
    assert(column.type == TYPE_TEXT || column.type == TYPE_VARCHAR || column.type == TYPE_NAME);

    char *text = cell.data == NULL ? NULL : call_alloc(call, cell.size + 1);

    return text == NULL ? NULL : memcpy(text, cell.data, cell.size);
}

/* text[]: number of dimensions, has-nulls, element type, then per dimension size and lower bound,
 * then the elements, each behind its size. */
static bool
fill_texts(Call *call, BindCell cell, size_t *count, char ***texts)
{
    const char *at = cell.data, *end = cell.data + cell.size;
    uint32_t dimensions, size;

    memcpy(&dimensions, at, 4);
    *count = 0;
    if (be32toh(dimensions) == 0)
        return true;
    assert(be32toh(dimensions) == 1 && cell.size >= 20);
    memcpy(&size, at + 12, 4);
    size = be32toh(size);
    at += 20;
    *texts = call_alloc(call, size * sizeof **texts + 1);
    if (*texts == NULL)
        return false;
    for (uint32_t i = 0; i < size; i++) {
        uint32_t length;

        assert(end - at >= 4);
        memcpy(&length, at, 4);
        length = be32toh(length);
        at += 4;
        assert(length <= (size_t) (end - at)); /* no nulls in our arrays */

        char *text = call_alloc(call, (size_t) length + 1);

        if (text == NULL)
            return false;
        memcpy(text, at, length);
        at += length;
        (*texts)[i] = text;
    }
    *count = size;
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

static bool
fill_field(Call *call, Field *field, BindColumn column, BindCell cell, ProtobufCMessage *out)
{
    void *at = field_of(out, field);

    if (cell.data == NULL)
        return true;
    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        return fill_texts(call, cell, (size_t *) (void *) ((char *) out + field->quantifier_offset),
                          at);
    switch (field->type) {
    case PROTOBUF_C_TYPE_INT32:
        *(int32_t *) at = (int32_t) bind_int64(column, cell);
        return true;
    case PROTOBUF_C_TYPE_UINT32:
        *(uint32_t *) at = (uint32_t) bind_int64(column, cell);
        return true;
    case PROTOBUF_C_TYPE_INT64:
        *(int64_t *) at = bind_int64(column, cell);
        return true;
    case PROTOBUF_C_TYPE_BOOL:
        *(protobuf_c_boolean *) at = bind_bool(column, cell);
        return true;
    case PROTOBUF_C_TYPE_ENUM:
        *(int *) at = enum_number(field->descriptor, cell.data, cell.size);
        return true;
    case PROTOBUF_C_TYPE_STRING: {
        const char *text = bind_text(call, column, cell);

        if (text == NULL)
            return false;
        memcpy(at, &text, sizeof text);
        return true;
    }
    case PROTOBUF_C_TYPE_BYTES: {
        ProtobufCBinaryData *bytes = at;

        bytes->data = call_alloc(call, cell.size + 1);
        if (bytes->data == NULL)
            return false;
        memcpy(bytes->data, cell.data, cell.size);
        bytes->len = cell.size;
        return true;
    }
    case PROTOBUF_C_TYPE_MESSAGE: {
        Google__Protobuf__Timestamp *time = bind_timestamp(call, bind_time_us(column, cell));

        if (time == NULL)
            return false;
        memcpy(at, &time, sizeof time);
        return true;
    }
    default:
        assert(false && "a field type that no column can fill");
        return false;
    }
}

static bool
fill_row(Call *call, const BindColumn *columns, size_t columns_count, const BindCell *cells,
         ProtobufCMessage *out)
{
    for (size_t i = 0; i < columns_count; i++) {
        Field *field = path_find(out->descriptor, columns[i].name, NULL);

        if (field != NULL && !fill_field(call, field, columns[i], cells[i], out))
            return false;
    }
    return true;
}

static ProtobufCMessage *
message_new(Call *call, const ProtobufCMessageDescriptor *descriptor)
{
    ProtobufCMessage *message = call_alloc(call, descriptor->sizeof_message);

    if (message != NULL)
        descriptor->message_init(message);
    return message;
}

static bool
fail_not_found(Call *call, const Query *query, const ProtobufCMessage *message)
{
    char *what = call_strdup(call, query->into != NULL ? query->into : "such object");
    Field *id = message == NULL ? NULL : field_find(message->descriptor, "id", 2);

    for (char *c = what; c != NULL && *c != '\0'; c++)
        *c = *c == '_' ? ' ' : *c; /* words, not a field */
    if (what == NULL)
        return false;
    if (id != NULL && id->type == PROTOBUF_C_TYPE_INT64 &&
        *(const int64_t *) field_at(message, id) != 0)
        return call_fail(call, CODE_NOT_FOUND, "no %s %" PRId64, what,
                         *(const int64_t *) field_at(message, id));
    if (message != NULL)
        for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
            Field *field = &message->descriptor->fields[i];

            if (field->type == PROTOBUF_C_TYPE_STRING &&
                field->label != PROTOBUF_C_LABEL_REPEATED && !field_is_absent(message, field) &&
                (*(char *const *) field_at(message, field))[0] != '\0')
                return call_fail(call, CODE_NOT_FOUND, "no %s %.100s", what,
                                 *(char *const *) field_at(message, field));
        }
    return call_fail(call, CODE_NOT_FOUND, "no such %s", what);
}

static bool
answer_one(Call *call, const Query *query, const ProtobufCMessage *message,
           const BindColumn *columns, size_t columns_count, const BindCell *cells,
           size_t rows_count, ProtobufCMessage *out)
{
    if (rows_count == 0)
        return fail_not_found(call, query, message);
    if (query->into == NULL)
        return fill_row(call, columns, columns_count, cells, out);

    Field *field = field_find(out->descriptor, query->into, strlen(query->into));

    /* a caller may also hand over the inner message itself */
    if (field == NULL)
        return fill_row(call, columns, columns_count, cells, out);

    ProtobufCMessage *inner = message_new(call, field->descriptor);

    if (inner == NULL || !fill_row(call, columns, columns_count, cells, inner))
        return false;
    memcpy(field_of(out, field), &inner, sizeof inner);
    return true;
}

static bool
answer_next_page(Call *call, const ProtobufCMessage *message, BindColumn key_column,
                 BindCell key_cell, ProtobufCMessage *out)
{
    Field *field = field_find(out->descriptor, "next_page_token", 15);
    const char *key = bind_text(call, key_column, key_cell);
    char *token = key == NULL ? NULL : page_token(call, message, key);

    assert(field != NULL);
    if (token == NULL)
        return false;
    memcpy(field_of(out, field), &token, sizeof token);
    return true;
}

static bool
answer_many(Call *call, const Query *query, const ProtobufCMessage *message,
            const BindColumn *columns, size_t columns_count, const BindCell *cells,
            size_t rows_count, ProtobufCMessage *out)
{
    Field *field = field_find(out->descriptor, query->into, strlen(query->into));
    size_t key = columns_count, taken = 0, bytes = 0;
    int32_t limit = LIMIT_PAGE;

    assert(field != NULL && field->label == PROTOBUF_C_LABEL_REPEATED);
    for (size_t i = 0; i < columns_count; i++)
        if (strcmp(columns[i].name, "page_key") == 0)
            key = i;
    if (key < columns_count && !page_size(call, message, &limit))
        return false;

    ProtobufCMessage **elements = call_alloc(call, rows_count * sizeof(void *) + 1);

    if (elements == NULL)
        return false;
    for (; taken < rows_count && taken < (size_t) limit; taken++) {
        const BindCell *row = cells + taken * columns_count;

        for (size_t i = 0; i < columns_count; i++)
            bytes += row[i].size + 8;
        if (bytes > REPLY_ROWS_MAX && taken > 0)
            break;
        elements[taken] = message_new(call, field->descriptor);
        if (elements[taken] == NULL ||
            !fill_row(call, columns, columns_count, row, elements[taken]))
            return false;
    }
    if (taken < rows_count && key < columns_count &&
        !answer_next_page(call, message, columns[key], cells[(taken - 1) * columns_count + key],
                          out))
        return false;
    memcpy((char *) out + field->quantifier_offset, &taken, sizeof taken);
    memcpy(field_of(out, field), &elements, sizeof elements);
    return true;
}

bool
bind_answer(Call *call, const Query *query, const ProtobufCMessage *message,
            const BindColumn *columns, size_t columns_count, const BindCell *cells,
            size_t rows_count, ProtobufCMessage *out)
{
    switch (query->rows) {
    case ROWS_NONE:
        return true;
    case ROWS_ONE:
        return answer_one(call, query, message, columns, columns_count, cells, rows_count, out);
    case ROWS_MANY:
        return answer_many(call, query, message, columns, columns_count, cells, rows_count, out);
    }
    return false;
}

/* ---- the test's view ---- */

static bool
check_parameter(const char *name, const ProtobufCMessageDescriptor *request)
{
    const char *rest;

    if (after_prefix(name, "page.") != NULL &&
        (request == NULL || field_find(request, "page_token", 10) == NULL ||
         field_find(request, "page_size", 9) == NULL))
        return false;
    if (context_find(name) != NULL)
        return true;
    if (after_prefix(name, "arg.") != NULL)
        return true;
    if (request == NULL)
        return false;
    if ((rest = after_prefix(name, "mask.")) != NULL)
        return field_find(request, "update_mask", 11) != NULL &&
               path_find(request, rest, NULL) != NULL;
    return path_find(request, name, NULL) != NULL;
}

static bool
check_column(Field *field, uint32_t type)
{
    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        return field->type == PROTOBUF_C_TYPE_STRING && type == TYPE_TEXT_ARRAY;
    switch (field->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_UINT32:
        return type == TYPE_INT4 || type == TYPE_INT2;
    case PROTOBUF_C_TYPE_INT64:
        return type == TYPE_INT8 || type == TYPE_INT4;
    case PROTOBUF_C_TYPE_BOOL:
        return type == TYPE_BOOL;
    case PROTOBUF_C_TYPE_ENUM:
        return type == TYPE_TEXT;
    case PROTOBUF_C_TYPE_STRING:
        return type == TYPE_TEXT || type == TYPE_VARCHAR || type == TYPE_NAME;
    case PROTOBUF_C_TYPE_BYTES:
        return type == TYPE_BYTEA;
    case PROTOBUF_C_TYPE_MESSAGE:
        return is_type(field, &google__protobuf__timestamp__descriptor) && type == TYPE_TIMESTAMPTZ;
    default:
        return false;
    }
}

bool
bind_check(const Query *query, const ProtobufCMessageDescriptor *request,
           const ProtobufCMessageDescriptor *response, const BindColumn *columns,
           size_t columns_count, char *problem, size_t problem_size)
{
    for (size_t i = 0; i < query->parameters_count; i++)
        if (!check_parameter(query->parameters[i], request)) {
            snprintf(problem, problem_size, "%s: nothing gives :%s", query->file,
                     query->parameters[i]);
            return false;
        }
    if (response == NULL || query->rows == ROWS_NONE)
        return true;
    if (query->into != NULL) {
        Field *into = field_find(response, query->into, strlen(query->into));

        if (into == NULL || into->type != PROTOBUF_C_TYPE_MESSAGE ||
            (into->label == PROTOBUF_C_LABEL_REPEATED) != (query->rows == ROWS_MANY)) {
            snprintf(problem, problem_size, "%s: %s has no fitting field %s", query->file,
                     response->name, query->into);
            return false;
        }
        response = into->descriptor;
    }
    for (size_t i = 0; i < columns_count; i++) {
        if (strcmp(columns[i].name, "page_key") == 0 && query->rows == ROWS_MANY)
            continue;

        Field *field = path_find(response, columns[i].name, NULL);

        if (field == NULL || !check_column(field, columns[i].type)) {
            snprintf(problem, problem_size, "%s: column %s of type %u fits no field of %s",
                     query->file, columns[i].name, (unsigned) columns[i].type, response->name);
            return false;
        }
    }
    return true;
}
