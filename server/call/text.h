/* Text that grows piece by piece in a call's memory: statements' arrays and JSON, whose size nobody
 * knows beforehand. */
#ifndef CIQ_SERVER_TEXT_H
#define CIQ_SERVER_TEXT_H

#include "call/call.h"

typedef struct Text {
    Call *call;
    char *data; /* ends with NUL; NULL while there is nothing */
    size_t size, room;
    bool failed; /* the call has failed, and nothing more is added */
} Text;

/* Text that begins with nothing. */
Text text_new(Call *call);

/* Whether it went well shows at the end only. */
void text_add(Text *text, const char *format, ...) PRINTF_LIKE(2, 3);
void text_add_bytes(Text *text, const char *data, size_t size);

/* The whole of it, "" if nothing was added.  NULL: the call has failed. */
MUST_CHECK char *text_end(Text *text);

/* The same for an array as PostgreSQL reads it, "{1,2}", of elements that need no quotes: numbers,
 * names and hexadecimal digits. */
void text_add_element(Text *text, const char *format, ...) PRINTF_LIKE(2, 3);
MUST_CHECK char *text_end_array(Text *text);

/* The same for a list: one line more, without the end of a line. */
void text_add_line(Text *text, const char *line);

#endif
