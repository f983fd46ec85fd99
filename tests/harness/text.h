/* Texts of tests.  */
#ifndef CIQ_TESTS_TEXT_H
#define CIQ_TESTS_TEXT_H

#include <stdarg.h>
#include <stdint.h>

/* A string constant where a message wants one of its own. */
#define TEXT(constant) ((char *) (uintptr_t) (constant))

/* As vasprintf; fails the test if there is no memory.  The caller frees it. */
char *text_vprintf(const char *format, va_list arguments) __attribute__((format(printf, 1, 0)));

#endif
