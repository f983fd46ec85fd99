/* A tenant out of an archive (archive.h): whole, or not at all.  */
#ifndef CIQ_SERVER_IMPORT_H
#define CIQ_SERVER_IMPORT_H

#include "tenant/archive.h"
#include "call/call.h"

/* What the tenant is to be called here; NULL or none: as in the archive. */
typedef struct ImportNames {
    const char *schema_name, *name;
    const char *const *domains; /* the first is the primary one */
    size_t domains_count;
    bool drops_invalid; /* contacts and texts of the registry that today's rules refuse are left out
                         */
} ImportNames;

typedef struct ImportResult {
    const ArchiveManifest *manifest; /* in the call's memory */
    uint64_t rows;
    int64_t id; /* of the tenant that was made */
} ImportResult;

/* Reads an archive to its end; needs no database.  False: the call has failed with what is wrong.
 */
MUST_CHECK bool import_check(Call *call, FILE *file, ImportResult *result);

/* In an owner's call without a transaction, with an archive that was checked and stands at its
 * start; it is checked once more as it is used, before anything is committed. */
MUST_CHECK bool import_tenant(Call *call, FILE *file, const ImportNames *names,
                              ImportResult *result);

#endif
