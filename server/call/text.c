/* A buffer that doubles.  What is outgrown stays in the call's memory until the call ends.  */
#include "call/text.h"

#include <stdio.h>
#include <string.h>

enum { ROOM_MIN = 64 };

Text
text_new(Call *call)
{
    return (Text){.call = call};
}

/* Makes room for so many bytes more, and a NUL. */
static bool
have_room(Text *text, size_t size)
{
    if (text->failed || size < text->room - text->size)
        return !text->failed;

    size_t room = text->size + size + 1;

    room = room < ROOM_MIN / 2 ? ROOM_MIN : room * 2;

    char *bigger = call_alloc(text->call, room);

    if (bigger == NULL) {
        text->failed = true;
        return false;
    }
    if (text->size > 0)
        memcpy(bigger, text->data, text->size);
    text->data = bigger;
    text->room = room;
    return true;
}

void
text_add_bytes(Text *text, const char *data, size_t size)
{
    if (!have_room(text, size))
        return;
    memcpy(text->data + text->size, data, size);
    text->size += size;
    text->data[text->size] = '\0';
}

static void
add_formatted(Text *text, const char *format, va_list arguments)
{
    va_list again;

    va_copy(again, arguments);

    int size = vsnprintf(NULL, 0, format, arguments);

    if (size >= 0 && have_room(text, (size_t) size)) {
        vsnprintf(text->data + text->size, text->room - text->size, format, again);
        text->size += (size_t) size;
    }
    va_end(again);
}

void
text_add(Text *text, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    add_formatted(text, format, arguments);
    va_end(arguments);
}

char *
text_end(Text *text)
{
    return have_room(text, 0) ? text->data : NULL;
}

void
text_add_element(Text *text, const char *format, ...)
{
    va_list arguments;

    text_add_bytes(text, text->size == 0 ? "{" : ",", 1);
    va_start(arguments, format);
    add_formatted(text, format, arguments);
    va_end(arguments);
}

char *
text_end_array(Text *text)
{
    text_add(text, text->size == 0 ? "{}" : "}");
    return text_end(text);
}

void
text_add_line(Text *text, const char *line)
{
    text_add(text, "%s%s", text->size > 0 ? "\n" : "", line);
}
