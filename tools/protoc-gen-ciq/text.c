/* Texts: memory that is there or ends the program, names in their several spellings, and what is
 * quoted for C and Markdown.  */
#include "text.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static _Noreturn void
die_of_memory(void)
{
    fputs("protoc-gen-ciq: out of memory\n", stderr);
    exit(1);
}

void *
must_allocate(size_t size)
{
    void *memory = calloc(1, size + 1);

    if (memory == NULL)
        die_of_memory();
    return memory;
}

char *
must_format(const char *format, ...)
{
    va_list arguments;
    char *text;

    va_start(arguments, format);
    if (vasprintf(&text, format, arguments) < 0)
        die_of_memory();
    va_end(arguments);
    return text;
}

void
text_add(Text *text, const char *format, ...)
{
    va_list arguments;
    char *piece;

    va_start(arguments, format);
    int size = vasprintf(&piece, format, arguments);
    va_end(arguments);
    if (size < 0)
        die_of_memory();
    if (text->size + (size_t) size + 1 > text->room) {
        text->room = (text->size + (size_t) size + 1) * 2;
        text->data = realloc(text->data, text->room);
        if (text->data == NULL)
            die_of_memory();
    }
    memcpy(text->data + text->size, piece, (size_t) size + 1);
    text->size += (size_t) size;
    free(piece);
}

/* By protobuf-c's own rule, since these become the names of its symbols. */
char *
snake_case(const char *camel)
{
    char *out = must_allocate(strlen(camel) * 2), *end = out;
    bool was_upper = true;

    for (; *camel != '\0'; camel++) {
        bool is_upper = isupper((unsigned char) *camel) != 0;

        if (is_upper && !was_upper)
            *end++ = '_';
        *end++ = (char) tolower((unsigned char) *camel);
        was_upper = is_upper;
    }
    return out;
}

const char *
bare_name(const char *name)
{
    const char *dot = strrchr(name, '.');

    return dot == NULL ? name : dot + 1;
}

char *
c_name(const char *name, bool lower)
{
    Text out = {0};

    while (*name != '\0') {
        size_t size = strcspn(name, ".");
        char *part = must_format("%.*s", (int) size, name);

        if (lower)
            text_add(&out, "%s", snake_case(part));
        else
            text_add(&out, "%c%s", toupper((unsigned char) part[0]), part + 1);
        free(part);
        name += size;
        if (*name == '.') {
            text_add(&out, "__");
            name++;
        }
    }
    return out.data;
}

char *
c_string(const char *text)
{
    Text out = {0};

    text_add(&out, "\"");
    for (; *text != '\0'; text++) {
        if (*text == '\n')
            text_add(&out, "\\n");
        else if (*text == '"' || *text == '\\')
            text_add(&out, "\\%c", *text);
        else
            text_add(&out, "%c", *text);
    }
    text_add(&out, "\"");
    return out.data;
}

char *
one_line(const char *comment)
{
    char *out = must_format("%s", comment);

    for (char *c = out; *c != '\0'; c++)
        if (*c == '\n')
            *c = ' ';
    return out;
}

char *
c_comment(const char *comment, const char *indent)
{
    Text out = {0};

    text_add(&out, "%s/* ", indent);
    for (; *comment != '\0'; comment++) {
        text_add(&out, "%c", *comment);
        if (*comment == '\n')
            text_add(&out, "%s * ", indent);
    }
    text_add(&out, "  */\n");
    return out.data;
}
