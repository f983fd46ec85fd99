/* Texts, for the whole of protoc-gen-ciq.  The program runs for a moment and frees nothing; where
 * there is no memory, it ends.  */
#ifndef CIQ_GENERATOR_TEXT_H
#define CIQ_GENERATOR_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* A text that grows. */
typedef struct Text {
    char *data;
    size_t size, room;
} Text;

void text_add(Text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

void *must_allocate(size_t size);
char *must_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* GetUser becomes get_user, WhoAmI who_am_i. */
char *snake_case(const char *camel);

/* "clientiq.v1.User" becomes Clientiq__V1__User, or with lower clientiq__v1__user. */
char *c_name(const char *name, bool lower);

/* "clientiq.v1.User" without its package: "User". */
const char *bare_name(const char *name);

/* A C string literal of a text. */
char *c_string(const char *text);

/* A .proto's comment as a C comment, and as one line. */
char *c_comment(const char *comment, const char *indent);
char *one_line(const char *comment);

#endif
