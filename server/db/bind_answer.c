/* Whatever does not fit is found by bind_check in a test, so a user's call never meets it.  */
#include "db/bind_answer.h"
#include "call/page.h"
#include "db/bind.h"
#include "db/field.h"
#include "db/format.h"
#include "proto/method.h"

#include <assert.h>
#include <ctype.h>
#include <endian.h>
#include <google/protobuf/timestamp.pb-c.h>
#include <inttypes.h>
#include <string.h>

enum {
    REPLY_ROWS_MAX = WIRE_MESSAGE_MAX * 3 / 4
}; /* bytes of rows in one reply; the page ends early */

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
    case FORMAT_INT8:
        return (int64_t) cell_big_endian(cell, 8);
    case FORMAT_INT4:
        return (int32_t) cell_big_endian(cell, 4);
    case FORMAT_INT2:
        return (int16_t) cell_big_endian(cell, 2);
    default:
        assert(false && "a column that should be a number");
        return 0;
    }
}

bool
bind_bool(BindColumn column, BindCell cell)
{
    assert(column.type == FORMAT_BOOL);
    return cell.data != NULL && cell.data[0] != 0;
}

int64_t
bind_time_us(BindColumn column, BindCell cell)
{
    assert(column.type == FORMAT_TIMESTAMPTZ);
    if (cell.data == NULL)
        return 0;
    return (int64_t) cell_big_endian(cell, 8) + FORMAT_EPOCH_S * 1000000;
}

const char *
bind_text(Call *call, BindColumn column, BindCell cell)
{
    assert(column.type == FORMAT_TEXT || column.type == FORMAT_VARCHAR ||
           column.type == FORMAT_NAME);

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
        Field *field = field_path(out->descriptor, columns[i].name, NULL);

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
