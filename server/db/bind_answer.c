/* What does not fit is found when the server starts (db/prepare.h), but for columns of statements
 * that handlers run, and what a row holds: there it fails one call.  */
#include "db/bind_answer.h"
#include "call/page.h"
#include "db/bind.h"
#include "db/field.h"
#include "db/fit.h"
#include "db/format.h"
#include "proto/method.h"

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

static bool
cell_big_endian(BindCell cell, size_t size, uint64_t *number)
{
    *number = 0;
    if (cell.size != size)
        return false;
    for (size_t i = 0; i < size; i++)
        *number = *number << 8 | (uint8_t) cell.data[i];
    return true;
}

bool
bind_int64(BindColumn column, BindCell cell, int64_t *number)
{
    uint64_t bits;

    *number = 0;
    if (cell.data == NULL)
        return true;
    if (column.type == FORMAT_INT8 && cell_big_endian(cell, 8, &bits))
        *number = (int64_t) bits;
    else if (column.type == FORMAT_INT4 && cell_big_endian(cell, 4, &bits))
        *number = (int32_t) bits;
    else if (column.type == FORMAT_INT2 && cell_big_endian(cell, 2, &bits))
        *number = (int16_t) bits;
    else
        return false;
    return true;
}

bool
bind_time_us(BindColumn column, BindCell cell, int64_t *time_us)
{
    uint64_t bits;

    *time_us = 0;
    if (cell.data == NULL)
        return true;
    if (column.type != FORMAT_TIMESTAMPTZ || !cell_big_endian(cell, 8, &bits))
        return false;
    *time_us = (int64_t) bits + FORMAT_EPOCH_S * 1000000;
    return true;
}

/* One column of a row on its way into a message. */
typedef struct Filling {
    Call *call;
    const Query *query;
    BindColumn column;
    BindCell cell; /* not null */
} Filling;

static bool
fail_column(const Filling *filling, const char *why)
{
    return call_defect(filling->call, "%s: column %s %s", filling->query->file,
                       filling->column.name, why);
}

static bool
read_count(const char **at, const char *end, uint32_t *count)
{
    if (end - *at < (ptrdiff_t) sizeof *count)
        return false;
    memcpy(count, *at, sizeof *count);
    *count = be32toh(*count);
    *at += sizeof *count;
    return true;
}

/* text[]: number of dimensions, has-nulls, element type, then per dimension size and lower bound,
 * then the elements, each behind its size, which is that of a null if it is -1. */
static bool
fill_texts(const Filling *filling, size_t *count, char ***texts)
{
    const char *at = filling->cell.data, *end = at + filling->cell.size;
    uint32_t dimensions, ignored, size, length;

    *count = 0;
    if (!read_count(&at, end, &dimensions) || dimensions > 1)
        return fail_column(filling, "is no list");
    if (dimensions == 0)
        return true;
    if (!read_count(&at, end, &ignored) || !read_count(&at, end, &ignored) ||
        !read_count(&at, end, &size) || !read_count(&at, end, &ignored) ||
        size > filling->cell.size / sizeof length)
        return fail_column(filling, "is no list");
    *texts = call_alloc(filling->call, size * sizeof **texts + 1);
    if (*texts == NULL)
        return false;
    for (uint32_t i = 0; i < size; i++) {
        if (!read_count(&at, end, &length) || length > (size_t) (end - at))
            return fail_column(filling, "has a null in its list");

        char *text = call_alloc(filling->call, (size_t) length + 1);

        if (text == NULL)
            return false;
        (*texts)[i] = memcpy(text, at, length);
        at += length;
    }
    *count = size;
    return true;
}

static bool
fill_number(const Filling *filling, Field *field, void *at)
{
    int64_t number;

    if (!bind_int64(filling->column, filling->cell, &number))
        return fail_column(filling, "is no number");
    if (field->type == PROTOBUF_C_TYPE_INT64)
        *(int64_t *) at = number;
    else if (field->type == PROTOBUF_C_TYPE_UINT32)
        *(uint32_t *) at = (uint32_t) number;
    else
        *(int32_t *) at = (int32_t) number;
    return true;
}

static bool
fill_bytes(const Filling *filling, ProtobufCBinaryData *bytes)
{
    bytes->data = call_alloc(filling->call, filling->cell.size + 1);
    if (bytes->data == NULL)
        return false;
    memcpy(bytes->data, filling->cell.data, filling->cell.size);
    bytes->len = filling->cell.size;
    return true;
}

/* Of a field of which fit_column says that the column fills it. */
static bool
fill_field(const Filling *filling, Field *field, ProtobufCMessage *out)
{
    void *at = field_of(out, field);
    BindCell cell = filling->cell;

    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        return fill_texts(filling, (size_t *) (void *) ((char *) out + field->quantifier_offset),
                          at);
    switch (field->type) {
    case PROTOBUF_C_TYPE_BOOL:
        *(protobuf_c_boolean *) at = cell.size == 1 && cell.data[0] != 0;
        return true;
    case PROTOBUF_C_TYPE_ENUM:
        *(int *) at = enum_number(field->descriptor, cell.data, cell.size);
        return true;
    case PROTOBUF_C_TYPE_STRING: {
        char *text = call_alloc(filling->call, cell.size + 1);

        if (text == NULL)
            return false;
        memcpy(text, cell.data, cell.size);
        memcpy(at, &text, sizeof text);
        return true;
    }
    case PROTOBUF_C_TYPE_BYTES:
        return fill_bytes(filling, at);
    case PROTOBUF_C_TYPE_MESSAGE: {
        Google__Protobuf__Timestamp *time;
        int64_t time_us;

        if (!bind_time_us(filling->column, cell, &time_us))
            return fail_column(filling, "is no time");
        time = bind_timestamp(filling->call, time_us);
        if (time == NULL)
            return false;
        memcpy(at, &time, sizeof time);
        return true;
    }
    default:
        return fill_number(filling, field, at);
    }
}

static bool
fill_row(Call *call, const Query *query, const BindColumn *columns, size_t columns_count,
         const BindCell *cells, ProtobufCMessage *out)
{
    for (size_t i = 0; i < columns_count; i++) {
        Filling filling = {call, query, columns[i], cells[i]};
        Field *field = field_find(out->descriptor, columns[i].name, strlen(columns[i].name));

        if (!fit_column(columns[i].name, columns[i].type, query->rows, out->descriptor))
            return call_defect(call, "%s: column %s of type %" PRIu32 " fits no field of %s",
                               query->file, columns[i].name, columns[i].type,
                               out->descriptor->name);
        if (field != NULL && cells[i].data != NULL && !fill_field(&filling, field, out))
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
        return fill_row(call, query, columns, columns_count, cells, out);

    Field *field = field_find(out->descriptor, query->into, strlen(query->into));

    /* a caller may also hand over the inner message itself */
    if (field == NULL)
        return fill_row(call, query, columns, columns_count, cells, out);
    if (field->type != PROTOBUF_C_TYPE_MESSAGE || field->label == PROTOBUF_C_LABEL_REPEATED)
        return call_defect(call, "%s: %s of %s holds no row", query->file, query->into,
                           out->descriptor->name);

    ProtobufCMessage *inner = message_new(call, field->descriptor);

    if (inner == NULL || !fill_row(call, query, columns, columns_count, cells, inner))
        return false;
    memcpy(field_of(out, field), &inner, sizeof inner);
    return true;
}

static bool
answer_next_page(Call *call, const Query *query, const ProtobufCMessage *message, BindCell key_cell,
                 ProtobufCMessage *out)
{
    Field *field = field_find(out->descriptor, "next_page_token", 15);
    char *key = call_alloc(call, key_cell.size + 1), *token;

    if (key == NULL)
        return false;
    if (field == NULL || field->type != PROTOBUF_C_TYPE_STRING || key_cell.data == NULL)
        return call_defect(call, "%s: %s", query->file,
                           field == NULL ? "the answer has no next_page_token"
                                         : "a page has a row without page_key");
    memcpy(key, key_cell.data, key_cell.size);
    token = page_token(call, message, key);
    if (token == NULL)
        return false;
    memcpy(field_of(out, field), &token, sizeof token);
    return true;
}

/* How a row stands to the end of what was read for a page. */
typedef enum RowPlace { ROW_WITHIN, ROW_LAST, ROW_LAST_AND_FOREIGN } RowPlace;

static RowPlace
row_place(const BindColumn *columns, size_t columns_count, const BindCell *row)
{
    for (size_t i = 0; i < columns_count; i++)
        if (strcmp(columns[i].name, "page_last") == 0 && row[i].data != NULL)
            return row[i].size > 0 && row[i].data[0] != 0 ? ROW_LAST : ROW_LAST_AND_FOREIGN;
    return ROW_WITHIN;
}

static bool
answer_many(Call *call, const Query *query, const ProtobufCMessage *message,
            const BindColumn *columns, size_t columns_count, const BindCell *cells,
            size_t rows_count, ProtobufCMessage *out)
{
    Field *field = field_find(out->descriptor, query->into, strlen(query->into));
    size_t key = columns_count, taken = 0, bytes = 0;
    int32_t limit = LIMIT_PAGE;
    RowPlace place = ROW_WITHIN;

    if (field == NULL || field->type != PROTOBUF_C_TYPE_MESSAGE ||
        field->label != PROTOBUF_C_LABEL_REPEATED)
        return call_defect(call, "%s: %s has no list %s", query->file, out->descriptor->name,
                           query->into);
    for (size_t i = 0; i < columns_count; i++)
        if (strcmp(columns[i].name, "page_key") == 0)
            key = i;
    if (key < columns_count && message == NULL)
        return call_defect(call, "%s: there is no request to page through", query->file);
    if (key < columns_count && !page_size(call, message, &limit))
        return false;

    ProtobufCMessage **elements = call_alloc(call, rows_count * sizeof(void *) + 1);

    if (elements == NULL)
        return false;
    for (; taken < rows_count && taken < (size_t) limit; taken++) {
        const BindCell *row = cells + taken * columns_count;

        place = row_place(columns, columns_count, row);
        if (place == ROW_LAST_AND_FOREIGN)
            break;
        for (size_t i = 0; i < columns_count; i++)
            bytes += row[i].size + 8;
        if (bytes > REPLY_ROWS_MAX && taken > 0)
            break;
        elements[taken] = message_new(call, field->descriptor);
        if (elements[taken] == NULL ||
            !fill_row(call, query, columns, columns_count, row, elements[taken]))
            return false;
    }
    if ((taken < rows_count || place == ROW_LAST) && key < columns_count) {
        size_t after = place == ROW_LAST_AND_FOREIGN ? taken : taken - 1;

        if (!answer_next_page(call, query, message, cells[after * columns_count + key], out))
            return false;
    }
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
