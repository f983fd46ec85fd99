/* Parameters by name, columns by name and type.  */
#include "db/bind_check.h"
#include "db/bind.h"
#include "db/field.h"
#include "db/format.h"

#include <google/protobuf/timestamp.pb-c.h>
#include <stdio.h>
#include <string.h>

static bool
check_column(Field *field, uint32_t type)
{
    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        return field->type == PROTOBUF_C_TYPE_STRING && type == FORMAT_TEXT_ARRAY;
    switch (field->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_UINT32:
        return type == FORMAT_INT4 || type == FORMAT_INT2;
    case PROTOBUF_C_TYPE_INT64:
        return type == FORMAT_INT8 || type == FORMAT_INT4;
    case PROTOBUF_C_TYPE_BOOL:
        return type == FORMAT_BOOL;
    case PROTOBUF_C_TYPE_ENUM:
        return type == FORMAT_TEXT;
    case PROTOBUF_C_TYPE_STRING:
        return type == FORMAT_TEXT || type == FORMAT_VARCHAR || type == FORMAT_NAME;
    case PROTOBUF_C_TYPE_BYTES:
        return type == FORMAT_BYTEA;
    case PROTOBUF_C_TYPE_MESSAGE:
        return field_is_type(field, &google__protobuf__timestamp__descriptor) &&
               type == FORMAT_TIMESTAMPTZ;
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
        if (!bind_is_given(query->parameters[i], request)) {
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

        Field *field = field_path(response, columns[i].name, NULL);

        if (field == NULL || !check_column(field, columns[i].type)) {
            snprintf(problem, problem_size, "%s: column %s of type %u fits no field of %s",
                     query->file, columns[i].name, (unsigned) columns[i].type, response->name);
            return false;
        }
    }
    return true;
}
