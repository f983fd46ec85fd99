/* RFC 8259, as far as jsonb takes it.  Called by check.c; keeps nothing of what it reads.  */
#include "call/json.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
    JSON_DEPTH_MAX = 32,    /* each level is a call of json_value: a bound on the stack */
    JSON_EXPONENT_MAX = 308 /* a double's; jsonb would write 1e131000 out in full */
};

static const char json_wrong[] = "must be a JSON object";

static const char *
json_space(const char *at)
{
    return at + strspn(at, " \t\r\n");
}

/* Four hexadecimal digits; -1: they are not there. */
static long
json_unit(const char *at)
{
    char digits[5] = "";

    if (strspn(at, "0123456789abcdefABCDEF") < 4)
        return -1;
    memcpy(digits, at, 4);
    return strtol(digits, NULL, 16);
}

/* Each json_ function reads one thing at *at and stands behind it; what is wrong, or NULL. */
static const char *
json_escape(const char **at)
{
    const char *c = *at + 1;

    if (*c != '\0' && strchr("\"\\/bfnrt", *c) != NULL) {
        *at = c + 1;
        return NULL;
    }

    long unit = *c == 'u' ? json_unit(c + 1) : -1;

    if (unit < 0)
        return json_wrong;
    if (unit == 0)
        return "must not contain \\u0000";
    c += 5;
    if (unit >= 0xd800 && unit <= 0xdfff) {
        long low = unit <= 0xdbff && c[0] == '\\' && c[1] == 'u' ? json_unit(c + 2) : -1;

        if (low < 0xdc00 || low > 0xdfff)
            return "must not contain half of a surrogate pair";
        c += 6;
    }
    *at = c;
    return NULL;
}

static const char *
json_string(const char **at)
{
    const char *c = *at, *wrong;

    if (*c++ != '"')
        return json_wrong;
    while (*c != '"') {
        if ((unsigned char) *c < ' ')
            return json_wrong; /* the end, too */
        if (*c != '\\')
            c++;
        else if ((wrong = json_escape(&c)) != NULL)
            return wrong;
    }
    *at = c + 1;
    return NULL;
}

static const char *
json_number(const char **at)
{
    static const char digits[] = "0123456789";
    const char *c = *at + (**at == '-');
    size_t whole = strspn(c, digits), size;

    if (whole == 0 || (whole > 1 && *c == '0'))
        return json_wrong;
    c += whole;
    if (*c == '.') {
        if ((size = strspn(c + 1, digits)) == 0)
            return json_wrong;
        c += 1 + size;
    }
    if (*c == 'e' || *c == 'E') {
        c += 1 + (c[1] == '+' || c[1] == '-');
        size = strspn(c, digits);
        if (size == 0)
            return json_wrong;
        if (size > 3 || strtol(c, NULL, 10) > JSON_EXPONENT_MAX)
            return "must not contain numbers with an exponent over 308";
        c += size;
    }
    *at = c;
    return NULL;
}

static const char *json_value(const char **at, int depth);

/* An object or an array, whose first character *at stands at. */
static const char *
json_members(const char **at, bool is_object, int depth)
{
    char close = is_object ? '}' : ']';
    const char *c = json_space(*at + 1), *wrong;

    if (depth == JSON_DEPTH_MAX)
        return "must not nest deeper than 32";
    for (bool first = true; *c != close; first = false) {
        if (!first && *c != ',')
            return json_wrong;
        c = first ? c : json_space(c + 1);
        if (is_object) {
            if ((wrong = json_string(&c)) != NULL)
                return wrong;
            c = json_space(c);
            if (*c++ != ':')
                return json_wrong;
            c = json_space(c);
        }
        if ((wrong = json_value(&c, depth + 1)) != NULL)
            return wrong;
        c = json_space(c);
    }
    *at = c + 1;
    return NULL;
}

static const char *
json_value(const char **at, int depth)
{
    static const char *const words[] = {"true", "false", "null"};

    if (**at == '{' || **at == '[')
        return json_members(at, **at == '{', depth);
    if (**at == '"')
        return json_string(at);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strncmp(*at, words[i], strlen(words[i])) == 0) {
            *at += strlen(words[i]);
            return NULL;
        }
    return json_number(at);
}

const char *
json_object_wrong(const char *text)
{
    const char *at = json_space(text), *wrong;

    if (*at != '{')
        return json_wrong;
    if ((wrong = json_value(&at, 0)) != NULL)
        return wrong;
    return *json_space(at) == '\0' ? NULL : json_wrong;
}
