/* Looks over a text before jansson reads it: that recurses where the text is deep, and each value
 * takes memory of its own.  Called by the server's HTTP.  */
#include "proto/json_text.h"

#include <malloc.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Counts as if it were JSON; whether it is one, jansson says. */
static bool
is_bounded(const char *text, size_t size, JsonError *error)
{
    size_t depth = 0, values = 1;
    bool in_string = false;

    for (size_t i = 0; i < size && depth <= JSON_DEPTH_MAX && values <= JSON_VALUES_MAX; i++) {
        char c = text[i];

        if (in_string) {
            i += c == '\\';
            in_string = c != '"';
        } else if (c == '"') {
            in_string = true;
        } else if (c == '[' || c == '{') {
            depth++;
            values++;
        } else if (c == ']' || c == '}') {
            depth -= depth > 0;
        } else if (c == ',') {
            values++;
        }
    }
    if (depth > JSON_DEPTH_MAX)
        snprintf(error->what, JSON_WHAT, "the JSON must be at most %d arrays and objects deep",
                 JSON_DEPTH_MAX);
    else if (values > JSON_VALUES_MAX)
        snprintf(error->what, JSON_WHAT, "the JSON must have at most %d values", JSON_VALUES_MAX);
    return error->what[0] == '\0';
}

/* The words of jansson's own message are not told: they show what stands in the text. */
static void
refuse_syntax(const json_error_t *where, JsonError *error)
{
    const char *what =
        json_error_code(where) == json_error_duplicate_key      ? "a name is given twice"
        : json_error_code(where) == json_error_invalid_utf8     ? "it is not UTF-8"
        : json_error_code(where) == json_error_numeric_overflow ? "a number is too large"
        : json_error_code(where) == json_error_out_of_memory    ? "no memory"
                                                                : "it is not valid there";

    snprintf(error->what, JSON_WHAT, "the JSON cannot be read at line %d, column %d: %s",
             where->line, where->column, what);
}

ProtobufCMessage *
json_read_text(const ProtobufCMessageDescriptor *descriptor, const char *text, size_t size,
               unsigned style, JsonError *error)
{
    ProtobufCMessage *message = NULL;
    json_error_t where;
    json_t *json;

    *error = (JsonError){0};
    if (!is_bounded(text, size, error))
        return NULL;
    /* a NUL is told with the path of its field */
    json = json_loadb(text, size, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &where);
    if (json == NULL)
        refuse_syntax(&where, error);
    else
        message = json_read(descriptor, json, style, error);
    json_decref(json);
    return message;
}

static void
wipe_and_free(void *memory)
{
    if (memory != NULL)
        sodium_memzero(memory, malloc_usable_size(memory));
    free(memory);
}

void
json_wipe_freed(void)
{
    json_set_alloc_funcs(malloc, wipe_and_free);
}
