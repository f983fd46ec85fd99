/* JSON in a request, before it is written into a jsonb column.  */
#ifndef CIQ_SERVER_JSON_H
#define CIQ_SERVER_JSON_H

#include "base/compiler.h"

/* NULL: an object that PostgreSQL's jsonb takes and does not blow up; otherwise what is wrong, to
 * follow the field's name. */
MUST_CHECK const char *json_object_wrong(const char *text);

#endif
