/* Files and folders of tests; see file.h.  */
#include "harness/file.h"

#include "harness/cases.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

void
folder_new(char path[64])
{
    snprintf(path, 64, "/tmp/ciq-test-XXXXXX");
    assert_non_null(mkdtemp(path));
}

static int
folder_remove_entry(const char *path, const struct stat *status, int kind, struct FTW *place)
{
    (void) status;
    (void) kind;
    (void) place;
    return remove(path);
}

void
folder_remove(const char *path)
{
    nftw(path, folder_remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

char *
file_read(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");

    if (file == NULL)
        fail_msg("cannot read %s", path);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);

    long length = ftell(file);

    if (length <= 0)
        fail_msg("%s is empty", path);

    size_t text_size = (size_t) length;
    char *text = malloc(text_size + 1);

    rewind(file);
    assert_non_null(text);
    assert_int_equal(fread(text, 1, text_size, file), text_size);
    text[text_size] = '\0';
    fclose(file);
    if (size != NULL)
        *size = text_size;
    return text;
}
