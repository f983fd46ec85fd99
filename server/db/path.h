/* The search_path of everything that happens in a schema.  */
#ifndef CIQ_SERVER_PATH_H
#define CIQ_SERVER_PATH_H

#include "call/call.h"

/* The schema, then those of extensions, in call memory.  NULL: the call has failed. */
MUST_CHECK const char *db_path(Call *call, const char *schema);

#endif
