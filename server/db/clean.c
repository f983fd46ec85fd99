/* One message of several statements, outside the pipeline.  */
#include "db/clean.h"
#include "db/connection.h"
#include "db/pipeline.h"
#include "db/private.h"
#include "db/queries.h"

bool
clean_connection(Call *call)
{
    call->db->is_soiled = false;
    if (pipeline_leave(call, script_session_clean.text) &&
        pipeline_return(call, call->deadline_us + PIPELINE_GRACE_MS * 1000, NULL))
        return true;
    call->db->stale = true;
    return false;
}
