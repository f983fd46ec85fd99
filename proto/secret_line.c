/* Called by both sides wherever a secret comes in as text.  Tells nobody what it read but the
 * caller.  */
#include "proto/secret_line.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

/* False: there is no room left; one byte is kept for the NUL. */
static bool
secret_line_append(char *secret, size_t size, size_t *used, int byte)
{
    if (*used + 1 >= size)
        return false;
    secret[(*used)++] = (char) byte;
    return true;
}

SecretLine
secret_line_read(FILE *stream, char *secret, size_t size)
{
    size_t used = 0;
    bool had_return = false; /* a CR came before, which is the secret's unless the line ends here */
    int byte;

    for (; (byte = getc(stream)) != EOF && byte != '\n'; had_return = byte == '\r')
        if ((had_return && !secret_line_append(secret, size, &used, '\r')) ||
            (byte != '\r' && !secret_line_append(secret, size, &used, byte))) {
            explicit_bzero(secret, size);
            return SECRET_LINE_TOO_LONG;
        }
    secret[used] = '\0';
    if (byte == EOF && ferror(stream))
        return SECRET_LINE_UNREADABLE;
    return byte == EOF && used == 0 && !had_return ? SECRET_LINE_NONE : SECRET_LINE_READ;
}

SecretLine
secret_line_of_file(const char *path, char *secret, size_t size)
{
    FILE *file = fopen(path, "re");
    SecretLine result;
    int why;

    if (file == NULL)
        return SECRET_LINE_UNREADABLE;
    (void) setvbuf(file, NULL, _IONBF, 0); /* stdio keeps no copy */
    result = secret_line_read(file, secret, size);
    why = errno;
    fclose(file);
    errno = why;
    return result;
}
