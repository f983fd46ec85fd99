/* The ledger of a schema, core_migration: which migrations it has applied, from which text. */
#ifndef CIQ_SERVER_LEDGER_H
#define CIQ_SERVER_LEDGER_H

#include "call/call.h"
#include "migration/file.h"

typedef struct LedgerRow {
    char *app, *name, *checksum;
} LedgerRow;

/* The rows of the schema that is first in search_path, in call memory. */
MUST_CHECK bool ledger_read(Call *call, LedgerRow **rows, size_t *count);

/* Cuts a line app/name=checksum, in place.  False: it is none. */
MUST_CHECK bool ledger_cut(char *line, LedgerRow *row);

/* Gives the rows of the schema that is first in search_path the checksums that the files have now;
 * files is Apps.shared_files or Apps.tenant_files (queued). */
MUST_CHECK bool ledger_convert(Call *call, const char *files);

/* The file of a set that a row is about, whatever its text is now; NULL: the set has none. */
const MigrationFile *ledger_file(const MigrationSet *set, const LedgerRow *row);

#endif
