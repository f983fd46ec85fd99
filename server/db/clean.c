/* One message of several statements, outside the pipeline.  */
#include "db/clean.h"
#include "db/connection.h"
#include "db/pipeline.h"
#include "db/private.h"
#include "db/queries.h"

bool
clean_connection(Call *call)
{
    Db *db = call->db;
    const char *text =
        db->options->is_pooled
            ? script_session_clean.text
            : call_printf(call, "%s;%s", script_session_clean.text, script_session.text);

    db->is_soiled = false;
    if (text != NULL && pipeline_leave(call, text) &&
        pipeline_return(call, call->deadline_us + PIPELINE_GRACE_MS * 1000, NULL))
        return true;
    db->stale = true;
    return false;
}
