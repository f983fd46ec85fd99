/* See calendar.h.  */
#include "harness/calendar.h"

#include "harness/cases.h"
#include "harness/fleet.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HOUR_S = 3600 };

/* The path of libfaketime for programs with threads; "" if it is not installed. */
static const char *
libfaketime(void)
{
    static char path[256];
    glob_t found;

    if (path[0] == '\0' && glob("/usr/lib/*/faketime/libfaketimeMT.so.1", 0, NULL, &found) == 0) {
        snprintf(path, sizeof path, "%s", found.gl_pathv[0]);
        globfree(&found);
    }
    return path;
}

bool
calendar_is_installed(void)
{
    return libfaketime()[0] != '\0';
}

bool
calendar_set(const char *folder, int hours)
{
    char path[96], new[96];
    FILE *file;

    snprintf(path, sizeof path, "%s/calendar", folder);
    snprintf(new, sizeof new, "%s/calendar.new", folder);
    file = fopen(new, "w");
    if (file == NULL)
        return false;

    bool written = fprintf(file, "%+d\n", hours * HOUR_S) > 0;

    return fclose(file) == 0 && written && rename(new, path) == 0;
}

void
calendar_prepare(const char *folder, char preload[1024])
{
    char calendar[96];

    snprintf(preload, 1024, "%s %s/calendar.so %s", sanitizer_library(), CIQ_BIN_DIR,
             libfaketime());
    snprintf(calendar, sizeof calendar, "%s/calendar", folder);
    assert_true(calendar_set(folder, 0));
    assert_int_equal(setenv("FAKETIME_TIMESTAMP_FILE", calendar, 1), 0);
    assert_int_equal(setenv("FAKETIME_NO_CACHE", "1", 1), 0);
    assert_int_equal(setenv("FAKETIME_DONT_FAKE_MONOTONIC", "1", 1), 0);
    assert_int_equal(setenv("NO_FAKE_STAT", "1", 1), 0);
}
