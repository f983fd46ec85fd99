/* The one place that says it, so that what calls, migrations and comparisons see is the same.  */
#include "db/path.h"
#include "db/connection.h"
#include "db/private.h"

const char *
db_path(Call *call, const char *schema)
{
    return call_printf(call, "\"%s\", %spg_temp", schema, call->db->options->extension_schemas);
}
