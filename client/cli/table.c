/* Tables, by the messages' descriptors.  Texts are made fit for a terminal first (text.c).  */
#include "client/cli/table.h"
#include "proto/json_value.h"
#include "client/cli/text.h"

#include <google/protobuf/timestamp.pb-c.h>

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

typedef const ProtobufCFieldDescriptor Field;

static char *
scalar_text(const json_t *json, Field *field)
{
    char *out = NULL;
    size_t size;
    FILE *stream;

    if (field->type == PROTOBUF_C_TYPE_ENUM && json_is_string(json)) {
        const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value_by_name(
            field->descriptor, json_string_value(json));

        return value == NULL || value->value == 0 ? strdup("")
                                                  : enum_word(field->descriptor, value->value);
    }
    if (json_is_string(json))
        return text_visible(json_string_value(json));
    if (json_is_boolean(json))
        return strdup(json_is_true(json) ? "yes" : "no");
    if (json_is_integer(json)) {
        if (asprintf(&out, "%lld", (long long) json_integer_value(json)) < 0)
            return NULL;
        return out;
    }
    if (!json_is_array(json))
        return strdup("");
    stream = open_memstream(&out, &size);
    if (stream == NULL)
        return NULL;
    for (size_t i = 0; i < json_array_size(json); i++) {
        char *element = scalar_text(json_array_get(json, i), field);

        fprintf(stream, "%s%s", i > 0 ? ", " : "", element != NULL ? element : "");
        free(element);
    }
    fclose(stream);
    return out;
}

static int
width_of(const char *text)
{
    wchar_t wide[1024];
    size_t size = mbstowcs(wide, text, sizeof wide / sizeof *wide);
    int width =
        size == (size_t) -1 || size == sizeof wide / sizeof *wide ? -1 : wcswidth(wide, size);

    return width >= 0 ? width : (int) strlen(text);
}

static void
print_padded(const char *text, int width, bool is_last, FILE *out)
{
    fputs(text, out);
    for (int i = width_of(text); !is_last && i < width + 2; i++)
        fputc(' ', out);
}

/* Whether a field fits into a cell: all do but messages, and of those a time does. */
static bool
is_cell(Field *field)
{
    return field->type != PROTOBUF_C_TYPE_MESSAGE ||
           field->descriptor == &google__protobuf__timestamp__descriptor;
}

static void
print_rows(const ProtobufCMessageDescriptor *descriptor, const json_t *rows, FILE *out)
{
    unsigned count = descriptor->n_fields;
    size_t height = json_array_size(rows);
    char **cells = calloc((height + 1) * count + 1, sizeof *cells);
    int *widths = calloc(count + 1, sizeof *widths);
    unsigned last = 0;

    for (unsigned x = 0; cells != NULL && widths != NULL && x < count; x++) {
        Field *field = &descriptor->fields[x];
        bool empty = height > 0;

        if (!is_cell(field))
            continue;
        for (size_t y = 0; y < height; y++) {
            char *text = scalar_text(json_object_get(json_array_get(rows, y), field->name), field);

            cells[(y + 1) * count + x] = text;
            if (text != NULL && text[0] != '\0')
                empty = false;
            if (text != NULL && width_of(text) > widths[x])
                widths[x] = width_of(text);
        }
        /* a column in which all cells are empty is left out */
        if (empty)
            continue;
        cells[x] = text_visible(field->name);
        for (char *c = cells[x]; c != NULL && *c != '\0'; c++)
            if (*c >= 'a' && *c <= 'z')
                *c = (char) (*c - 'a' + 'A');
        if (width_of(field->name) > widths[x])
            widths[x] = width_of(field->name);
        last = x;
    }
    for (size_t y = 0; cells != NULL && y <= height; y++) {
        for (unsigned x = 0; x < count; x++)
            if (cells[x] != NULL)
                print_padded(cells[y * count + x] != NULL ? cells[y * count + x] : "", widths[x],
                             x == last, out);
        fputc('\n', out);
    }
    for (size_t i = 0; cells != NULL && i < (height + 1) * count; i++)
        free(cells[i]);
    free(cells);
    free(widths);
}

static void
print_lines(const ProtobufCMessageDescriptor *descriptor, const json_t *json, FILE *out)
{
    int width = 0;

    for (unsigned i = 0; i < descriptor->n_fields; i++)
        if (is_cell(&descriptor->fields[i]) && width_of(descriptor->fields[i].name) > width)
            width = width_of(descriptor->fields[i].name);
    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        Field *field = &descriptor->fields[i];
        const json_t *value = json_object_get(json, field->name);
        char *text;

        if (!is_cell(field)) {
            if (json_is_object(value))
                print_lines(field->descriptor, value, out);
            continue;
        }
        text = scalar_text(value, field);
        if (text != NULL && text[0] != '\0') {
            print_padded(field->name, width, false, out);
            fprintf(out, "%s\n", text);
        }
        free(text);
    }
}

void
table_print(const ProtobufCMessageDescriptor *descriptor, const json_t *json, FILE *out)
{
    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        Field *field = &descriptor->fields[i];

        if (field->label == PROTOBUF_C_LABEL_REPEATED && field->type == PROTOBUF_C_TYPE_MESSAGE) {
            print_rows(field->descriptor, json_object_get(json, field->name), out);
            return;
        }
    }
    print_lines(descriptor, json, out);
}
