/* What a schema that is filled must have beside rows: its partitions, its materialized views, the
 * state of its sequences.  It stands in an archive's manifest; a clone has one for a moment. In an
 * owner's call, as rows.h.  */
#ifndef CIQ_SERVER_ROWS_STATE_H
#define CIQ_SERVER_ROWS_STATE_H

#include "tenant/archive.h"
#include "call/call.h"

/* Reads what a schema has into a manifest, with the search_path on it: its partitions and
 * materialized views; and, when the snapshot of the rows was taken, so that no number is behind
 * them, its sequences. */
MUST_CHECK bool rows_describe(Call *call, const char *schema, ArchiveManifest *manifest);
MUST_CHECK bool rows_describe_sequences(Call *call, const char *schema, ArchiveManifest *manifest);

/* What a manifest says is to be there. */
typedef struct RowsState {
    const ArchiveManifest *manifest;
    bool is_complete; /* else it is of the first format: of sequences only those that were used */
    bool is_trusted;  /* from the catalog of this database, not from a file */
} RowsState;

/* As JSON, for the scripts tenant_rows_*.  NULL: the call has failed. */
MUST_CHECK const char *rows_state_text(Call *call, const RowsState *state);

#endif
