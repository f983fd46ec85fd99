/* Files of migrations that say something else now than when they were applied: found at every
 * start, and the way out, which is an operator's word that what was applied then is what the file
 * says now. In calls of the owner's.  */
#ifndef CIQ_SERVER_ACCEPT_H
#define CIQ_SERVER_ACCEPT_H

#include "call/call.h"

/* One such file; the texts are in call memory. */
typedef struct ChangedFile {
    const char *part;       /* "shared" or "tenant" */
    const char *id;         /* "tickets/0001_initial" */
    const char *file;       /* as it is read: "apps/tenant/tickets/0001_initial.sql" */
    const char *applied;    /* the checksum that was noted when it was applied */
    const char *tenants;    /* how many have it, in digits; "0": it is the schema public's */
    const char *sample;     /* the schema of one of them; "": there is none */
    const char *other_name; /* under which it was applied; "": the same */
} ChangedFile;

/* All of them, by file; *list is in call memory. */
MUST_CHECK bool accept_changed(Call *call, ChangedFile **list, size_t *count);

/* Takes the file as it is for what was applied, in the transaction that is open.  Fails if it was
 * applied under another name. */
MUST_CHECK bool accept_file(Call *call, const ChangedFile *changed);

/* The checksum that a changed file has now. */
const char *accept_checksum(Call *call, const ChangedFile *changed);

#endif
