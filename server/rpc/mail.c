/* What became of mails, for the tenant's own people and for the platform's; and mails sent once
 * more.  */
#include "db/db.h"
#include "db/queries.h"
#include "rpc/handlers.h"
#include "tenant/registry.h"

#include <inttypes.h>
#include <string.h>

/* How many were not sent; those are due now, and the outbox is looked into. */
static bool
retry_mails(Call *call, int64_t tenant_id, int64_t id, uint64_t *count)
{
    const char *text = call_printf(call, "%" PRId64, id);

    call_change(call, CHANGE_OUTBOX, tenant_id);
    return text != NULL && db_run(call, &query_outbox_retry, NULL,
                                  (DbArg[]){{.name = "id", .text = text}, {0}}, count);
}

bool
rpc_retry_mail(Call *call, const RetryMailRequest *request, RetryMailResponse *response)
{
    uint64_t count;

    call->target = call_printf(call, "mail %" PRId64, request->id);
    if (!retry_mails(call, call->tenant.id, request->id, &count) ||
        !db_fill(call, &query_mail_get, &request->base, NULL, &response->base))
        return false;
    return count > 0 || call_fail(call, CODE_FAILED_PRECONDITION,
                                  "mail %" PRId64 " was sent already", request->id);
}

/* ---- the platform ---- */

/* The transaction goes on in the schema of the tenant that a request means. */
static bool
enter_tenant(Call *call, const ProtobufCMessage *request, int64_t id, const char *schema_name)
{
    const DbRow *row;

    if (!registry_lock(call, request, id, schema_name, &row))
        return false;
    if (strcmp(db_row_text(row, "state"), "active") != 0 &&
        strcmp(db_row_text(row, "state"), "suspended") != 0)
        return call_fail(call, CODE_FAILED_PRECONDITION, "the tenant %s is %s",
                         db_row_text(row, "name"), db_row_text(row, "state"));
    return db_enter_tenant(call, db_row_int64(row, "id"), db_row_text(row, "schema_name"));
}

/* Nothing is written, but the tenant's name must not change before its schema is read. */
bool
rpc_list_tenant_mails(Call *call, const ListTenantMailsRequest *request,
                      ListTenantMailsResponse *response)
{
    db_begin(call, DB_WRITE);
    return enter_tenant(call, &request->base, request->id, request->schema_name) &&
           db_fill(call, &query_rpc_list_mails, &request->base, NULL, &response->base);
}

bool
rpc_retry_tenant_mails(Call *call, const RetryTenantMailsRequest *request,
                       RetryTenantMailsResponse *response)
{
    uint64_t count;

    if (!enter_tenant(call, &request->base, request->id, request->schema_name) ||
        !retry_mails(call, call->tenant.id, request->mail_id, &count))
        return false;
    if (count == 0 && request->mail_id != 0)
        return call_fail(call, CODE_NOT_FOUND, "no mail %" PRId64 " that was not sent",
                         request->mail_id);
    response->count = (int64_t) count;
    call->target = call_printf(call, "tenant %" PRId64, call->tenant.id);
    return db_leave_tenant(call);
}
