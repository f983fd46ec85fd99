/* One tenant into an archive (archive.h), as it is at one moment, without a lock in the way of
 * those who write.  */
#ifndef CIQ_SERVER_EXPORT_H
#define CIQ_SERVER_EXPORT_H

#include "call/call.h"

#include <stdio.h>

typedef struct ExportResult {
    size_t tables;
    uint64_t rows;
} ExportResult;

/* In an owner's call without a transaction.  Writes the archive of the tenant with this schema name
 * to file, which may be a pipe.  False: the call has failed, and what was written is not an
 * archive. */
MUST_CHECK bool export_tenant(Call *call, const char *schema_name, FILE *file,
                              ExportResult *result);

#endif
