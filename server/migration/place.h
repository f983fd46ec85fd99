/* Where in a migration's text a script failed: which statement, and which line of its file.  */
#ifndef CIQ_SERVER_PLACE_H
#define CIQ_SERVER_PLACE_H

#include "call/call.h"
#include "migration/file.h"

typedef struct Place {
    const char *statement; /* in the script; NULL: it is not known */
    size_t size;
    const char *point; /* what PostgreSQL points to, else the statement */
} Place;

/* Finds the statement of the script that failed last.  The script is what db_user_script got, or
 * its rest from one statement on. */
Place place_find(const char *script, const CallFailure *failure);

/* The line of a place in a section, whose first line is given. */
uint32_t place_line(const char *section, uint32_t first_line, const char *point);

#endif
