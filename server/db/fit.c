/* Names through the descriptors of messages, types through PostgreSQL's oids.  */
#include "db/fit.h"
#include "db/field.h"
#include "db/format.h"

#include <google/protobuf/timestamp.pb-c.h>
#include <string.h>

typedef struct Context {
    const char *group, *name; /* "caller", "caller.id" */
    FitKind kind;
} Context;

static const Context contexts[] = {
#define CONTEXT(group, name, kind, expression) {#group, #group "." #name, FIT_##kind},
#include "db/parameter.def"
#undef CONTEXT
};

enum { CONTEXTS = sizeof contexts / sizeof *contexts };

static bool
starts_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool
fit_is_unknown_context(const char *name)
{
    size_t group = strcspn(name, ".");
    bool has_contexts = false;

    for (size_t i = 0; i < CONTEXTS; i++) {
        if (strcmp(contexts[i].name, name) == 0)
            return false;
        if (strlen(contexts[i].group) == group && strncmp(contexts[i].group, name, group) == 0)
            has_contexts = true;
    }
    /* a request may have a field "tenant", so that the names of this group may be that field's */
    return has_contexts && name[group] == '.' && !starts_with(name, "tenant.");
}

static bool
has_field(const ProtobufCMessageDescriptor *message, const char *name, ProtobufCType type)
{
    Field *field = message == NULL ? NULL : field_find(message, name, strlen(name));

    return field != NULL && field->type == type && field->label != PROTOBUF_C_LABEL_REPEATED;
}

static FitKind
kind_of_field(Field *field)
{
    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        return field->type == PROTOBUF_C_TYPE_STRING ? FIT_TEXTS : FIT_NOTHING;
    switch (field->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
        return FIT_INTEGER;
    case PROTOBUF_C_TYPE_BOOL:
        return FIT_BOOL;
    case PROTOBUF_C_TYPE_ENUM:
    case PROTOBUF_C_TYPE_STRING:
        return FIT_TEXT;
    case PROTOBUF_C_TYPE_BYTES:
        return FIT_BYTES;
    case PROTOBUF_C_TYPE_MESSAGE:
        return field_is_type(field, &google__protobuf__timestamp__descriptor) ? FIT_TIME
                                                                              : FIT_NOTHING;
    default:
        return FIT_NOTHING;
    }
}

FitKind
fit_parameter(const char *name, const ProtobufCMessageDescriptor *request)
{
    Field *field;

    if (starts_with(name, "page.") && (!has_field(request, "page_token", PROTOBUF_C_TYPE_STRING) ||
                                       !has_field(request, "page_size", PROTOBUF_C_TYPE_INT32)))
        return FIT_NOTHING;
    for (size_t i = 0; i < CONTEXTS; i++)
        if (strcmp(contexts[i].name, name) == 0)
            return contexts[i].kind;
    if (starts_with(name, "arg."))
        return FIT_ARGUMENT;
    if (request == NULL)
        return FIT_NOTHING;
    if (starts_with(name, "mask."))
        return has_field(request, "update_mask", PROTOBUF_C_TYPE_MESSAGE) &&
                       field_path(request, name + strlen("mask."), NULL) != NULL
                   ? FIT_BOOL
                   : FIT_NOTHING;
    field = field_path(request, name, NULL);
    return field == NULL ? FIT_NOTHING : kind_of_field(field);
}

static bool
is_text_type(uint32_t type)
{
    return type == FORMAT_TEXT || type == FORMAT_VARCHAR || type == FORMAT_NAME;
}

bool
fit_parameter_type(FitKind kind, uint32_t type)
{
    switch (kind) {
    case FIT_NOTHING:
        return false;
    case FIT_ARGUMENT:
    case FIT_KEY:
        return true;
    case FIT_BOOL:
        return type == FORMAT_BOOL;
    case FIT_INTEGER:
        return type == FORMAT_INT8 || type == FORMAT_INT4 || type == FORMAT_INT2 ||
               type == FORMAT_NUMERIC;
    case FIT_TEXT:
        return is_text_type(type);
    case FIT_TEXTS:
        return type == FORMAT_TEXT_ARRAY;
    case FIT_BYTES:
        return type == FORMAT_BYTEA;
    case FIT_TIME:
        return type == FORMAT_TIMESTAMPTZ;
    }
    return false;
}

const ProtobufCMessageDescriptor *
fit_row(QueryRows rows, const char *into, const ProtobufCMessageDescriptor *response, bool *fits)
{
    Field *field;

    *fits = true;
    if (rows == ROWS_NONE || response == NULL)
        return NULL;
    if (into == NULL)
        return response;
    field = field_find(response, into, strlen(into));
    *fits = field != NULL && field->type == PROTOBUF_C_TYPE_MESSAGE &&
            (field->label == PROTOBUF_C_LABEL_REPEATED) == (rows == ROWS_MANY);
    return *fits ? field->descriptor : NULL;
}

static bool
field_takes(Field *field, uint32_t type)
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
        return is_text_type(type);
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
fit_column(const char *name, uint32_t type, QueryRows rows, const ProtobufCMessageDescriptor *row)
{
    Field *field = field_find(row, name, strlen(name));

    if (rows == ROWS_MANY && strcmp(name, "page_key") == 0)
        return is_text_type(type);
    if (rows == ROWS_MANY && strcmp(name, "page_last") == 0)
        return type == FORMAT_BOOL;
    return field != NULL && field_takes(field, type);
}
