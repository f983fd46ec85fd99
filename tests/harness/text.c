/* Texts of tests; see text.h.  */
#include "harness/text.h"

#include "harness/cases.h"

#include <stdio.h>

char *
text_vprintf(const char *format, va_list arguments)
{
    char *text = NULL;

    assert_true(vasprintf(&text, format, arguments) >= 0);
    return text;
}
