/* One statement, whose columns are gauges.  */
#include "tenant/figures.h"
#include "call/metrics.h"
#include "db/db.h"
#include "db/queries.h"

bool
figures_count(Call *call, void *state UNUSED)
{
    static const struct {
        Gauge gauge;
        const char *column;
    } columns[] = {{GAUGE_PROVISIONING, "provisioning"}, {GAUGE_ACTIVE, "active"},
                   {GAUGE_SUSPENDED, "suspended"},       {GAUGE_DELETED, "deleted"},
                   {GAUGE_PURGING, "purging"},           {GAUGE_RUNS, "runs"},
                   {GAUGE_SCHEMAS, "schemas"},           {GAUGE_MAILS, "mails"}};
    const DbRow *row;

    db_begin(call, DB_READ);
    if (!db_row(call, &query_figures, NULL, NULL, &row))
        return false;
    for (size_t i = 0; row != NULL && i < sizeof columns / sizeof *columns; i++)
        metrics_set(call->core->metrics, columns[i].gauge, db_row_int64(row, columns[i].column));
    return true;
}
