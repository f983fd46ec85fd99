/* The calendar of programs that are started with libfaketime (Debian's package faketime): it is
 * beside the right one by as many hours as a file in a folder says.  The monotonic clock is left
 * alone.  tests/fault/calendar.c does what libfaketime leaves out.  */
#ifndef CIQ_TESTS_CALENDAR_H
#define CIQ_TESTS_CALENDAR_H

#include <stdbool.h>

/* Whether libfaketime is installed. */
bool calendar_is_installed(void);

/* Prepares this program's environment for those that are started with the preload (LD_PRELOAD) that
 * it gives, which read the calendar of the folder. */
void calendar_prepare(const char *folder, char preload[1024]);

/* So many hours beside the right time, at once.  False: the file cannot be written. */
bool calendar_set(const char *folder, int hours);

#endif
