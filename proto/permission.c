/* Says what a permission looks like; which there are is for the database to say.  */
#include "proto/permission.h"

#include <string.h>

bool
permission_is_valid(const char *text)
{
    static const char signs[] = "abcdefghijklmnopqrstuvwxyz0123456789_";
    size_t app = strspn(text, signs), size = strlen(text);

    return app > 0 && text[app] == '.' && text[app + 1] != '\0' && size <= PERMISSION_SIZE_MAX &&
           strspn(text + app + 1, signs) == size - app - 1;
}
