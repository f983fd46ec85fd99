/* What every file that is written needs. */
#include "write.h"

#include <errno.h>

FILE *
output_open(const char *directory, const char *name)
{
    char path[2 * PATH_SIZE];
    FILE *out = NULL;

    if (snprintf(path, sizeof path, "%s/%s", directory, name) < (int) sizeof path)
        out = fopen(path, "w");
    else
        errno = ENAMETOOLONG;
    if (out == NULL)
        die("cannot write", path);
    fputs("/* Made by tools/embed_sql from sql/; do not edit.  */\n", out);
    return out;
}

void
output_close(FILE *out, const char *name)
{
    if (fclose(out) != 0)
        die("cannot write", name);
}

void
write_string(FILE *out, const char *text)
{
    fputc('"', out);
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char) *text;

        if (c == '\n') {
            fputs(text[1] != '\0' ? "\\n\"\n    \"" : "\\n", out);
        } else if (c == '"' || c == '\\') {
            fprintf(out, "\\%c", c);
        } else if (c < 0x20 || c == '?' || c >= 0x7f) {
            fprintf(out, "\\%03o", c);
        } else {
            fputc(c, out);
        }
    }
    fputc('"', out);
}
