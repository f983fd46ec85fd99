/* A short list of numbers.  */
#include "call/operators.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { UID_DIGITS = 10 };

bool
operators_read(const char *text, Operators *operators, char *reason, size_t size)
{
    *operators = (Operators){0};
    if (strcmp(text, "off") == 0)
        return true;
    if (text[0] == '\0') {
        *operators = (Operators){.count = 2, .uids = {0, geteuid()}};
        return true;
    }
    for (const char *at = text;; at++) {
        size_t digits = strspn(at, "0123456789");
        unsigned long long uid = strtoull(at, NULL, 10);

        at += digits;
        /* the highest number means "no user" to the kernel */
        if (digits == 0 || digits > UID_DIGITS || uid >= (uid_t) -1 ||
            (*at != '\0' && *at != ',')) {
            snprintf(reason, size,
                     "--operator must be off, or uids separated by commas, got \"%s\"", text);
            return false;
        }
        if (operators->count == OPERATORS_MAX) {
            snprintf(reason, size, "--operator must have at most %d uids", OPERATORS_MAX);
            return false;
        }
        operators->uids[operators->count++] = (uid_t) uid;
        if (*at == '\0')
            return true;
    }
}

bool
operators_has(const Operators *operators, uid_t uid)
{
    for (size_t i = 0; i < operators->count; i++)
        if (operators->uids[i] == uid)
            return true;
    return false;
}
