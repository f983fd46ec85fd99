/* The audit, as it is read; dispatch writes it.  */
#include "call/page.h"
#include "call/text.h"
#include "db/db.h"
#include "db/queries.h"
#include "rpc/handlers.h"
#include "access/seal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* The names of all codes for the statement, so that the table of names stays one. */
static const char *
code_names(Call *call)
{
    Text array = text_new(call);

    for (int code = CODE_OK; code <= CODE_UNAUTHENTICATED; code++)
        text_add_element(&array, "%s", code_name(code));
    return text_end_array(&array);
}

static bool
check_code_name(Call *call, const char *name)
{
    bool known = name[0] == '\0';

    for (int code = CODE_OK; !known && code <= CODE_UNAUTHENTICATED; code++)
        known = strcmp(code_name(code), name) == 0;
    return known || call_fail_field(call, "code", "must be OK or a status code like NOT_FOUND");
}

bool
rpc_list_audit_events(Call *call, const ListAuditEventsRequest *request,
                      ListAuditEventsResponse *response)
{
    const char *codes = code_names(call);

    return codes != NULL && check_code_name(call, request->code) &&
           db_fill(call, &query_audit_list, &request->base,
                   (DbArg[]){{.name = "codes", .text = codes}, {0}}, &response->base);
}

/* The token is the number of the last seal that was compared, good for this audit only. */
bool
rpc_verify_audit(Call *call, const VerifyAuditRequest *request, VerifyAuditResponse *response)
{
    const char *after;
    SealLook look;

    if (!call->core->has_audit_key)
        return call_fail(call, CODE_FAILED_PRECONDITION,
                         "audits are not sealed: this server has no --audit-key-file");
    if (!page_key(call, &request->base, &after) ||
        !seal_verify(call, after != NULL ? strtoll(after, NULL, 10) : 0, &look))
        return false;
    response->seals = look.seals;
    response->events = look.rows;
    response->events_compared = look.seen;
    response->head = call_strdup(call, look.head);
    if (look.last < look.seals) {
        const char *last = call_printf(call, "%" PRId64, look.last);

        response->next_page_token = last == NULL ? NULL : page_token(call, &request->base, last);
        return response->next_page_token != NULL;
    }
    return response->head != NULL;
}
