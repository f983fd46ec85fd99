/* Called by check.c and host.c, and where a name comes from elsewhere than a message.  Asks nobody:
 * whether a name is taken is the database's to say.  */
#include "call/names.h"
#include "base/limits.h"
#include "proto/permission.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

/* SQL's reserved words that look like schema names, and the names that PostgreSQL or we use. */
static const char *const reserved_names[] = {
    "all",
    "analyse",
    "analyze",
    "and",
    "any",
    "array",
    "as",
    "asc",
    "both",
    "case",
    "cast",
    "check",
    "collate",
    "column",
    "constraint",
    "create",
    "default",
    "desc",
    "distinct",
    "do",
    "else",
    "end",
    "except",
    "false",
    "fetch",
    "for",
    "foreign",
    "from",
    "grant",
    "group",
    "having",
    "in",
    "initially",
    "intersect",
    "into",
    "lateral",
    "leading",
    "limit",
    "not",
    "null",
    "offset",
    "on",
    "only",
    "or",
    "order",
    "placing",
    "primary",
    "public",
    "references",
    "returning",
    "select",
    "session_user",
    "some",
    "symmetric",
    "table",
    "then",
    "to",
    "trailing",
    "true",
    "union",
    "unique",
    "user",
    "using",
    "variadic",
    "when",
    "where",
    "window",
    "with",
    "current_user",
    "current_role",
    "information_schema",
    "localhost",
    "template",
    "postgres",
};

const char *
names_schema_wrong(const char *text)
{
    size_t size = strlen(text);

    if (size > LIMIT_SCHEMA_NAME || text[0] < 'a' || text[0] > 'z' ||
        strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_") != size)
        return "must be a lower-case letter, then lower-case letters, digits or underscores, at "
               "most 48 in all";
    if (strncmp(text, "pg_", 3) == 0)
        return "must not start with pg_, which PostgreSQL keeps for itself";
    if (strncmp(text, "ciq_", 4) == 0)
        return "must not start with ciq_, which this system keeps for itself";
    for (size_t i = 0; i < sizeof reserved_names / sizeof *reserved_names; i++)
        if (strcmp(text, reserved_names[i]) == 0)
            return "must not be a reserved word";
    return NULL;
}

const char *
names_host_wrong(const char *text)
{
    static const char wrong[] =
        "must be a host name: labels of letters, digits and dashes, separated by dots";
    size_t size = strlen(text), label = 0;
    bool digits_only = true;
    struct in_addr address;

    if (size == 0 || size > LIMIT_HOST)
        return "must be a host name of 1 to 253 characters";
    if (text[0] == '*')
        return "must not be a wildcard; each host is added by itself";
    if (inet_pton(AF_INET, text, &address) == 1)
        return "must be a host name, not an address";
    for (size_t i = 0; i <= size; i++) {
        char c = i == size ? '.' : text[i];

        if (c == '.') {
            if (label == 0 || label > 63 || text[i - 1] == '-')
                return wrong;
            label = 0;
            continue;
        }
        if (!isalnum((unsigned char) c) && (c != '-' || label == 0))
            return wrong;
        digits_only = label == 0 ? isdigit((unsigned char) c) != 0
                                 : digits_only && isdigit((unsigned char) c) != 0;
        label++;
    }
    if (digits_only)
        return "must be a host name, not an address";
    if (memchr(text, '.', size) == NULL && strncasecmp(text, "localhost", size) != 0)
        return "must have a dot: acme.localhost, app.example.com";
    return NULL;
}

const char *
names_permission_wrong(const char *text)
{
    return permission_is_valid(text) ? NULL : "must be app.codename, such as users.add_customuser";
}
