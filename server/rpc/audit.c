/* The audit, as it is read; dispatch writes it.  */
#include "db.h"
#include "queries.h"
#include "rpc.h"

#include <stdio.h>
#include <string.h>

/* The names of all codes as PostgreSQL reads a text[], so that the table of names stays one. */
static const char *
code_names(Call *call)
{
    enum { SIZE_MAX_EACH = 24 };
    char *array = call_alloc(call, (CODE_UNAUTHENTICATED + 1) * SIZE_MAX_EACH), *end = array;

    for (int code = CODE_OK; array != NULL && code <= CODE_UNAUTHENTICATED; code++)
        end += sprintf(end, "%c%.20s", code == CODE_OK ? '{' : ',', code_name(code));
    if (array != NULL)
        strcpy(end, "}");
    return array;
}

static bool
check_code(Call *call, const char *name)
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

    return codes != NULL && check_code(call, request->code) &&
           db_fill(call, &query_audit_list, &request->base,
                   (DbArg[]){{.name = "codes", .text = codes}, {0}}, &response->base);
}
