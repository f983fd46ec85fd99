/* The audit: one row for each write, in the write's own transaction, and rows for refusals, which
 * must outlive the call that was refused and are therefore bounded.  */
#ifndef CIQ_SERVER_AUDIT_H
#define CIQ_SERVER_AUDIT_H

#include "call/call.h"

typedef struct Audit Audit;

/* What is remembered of refusals, so that they are written at most once a minute for each tenant,
 * method and caller (or account that a sign-in is about); and of strangers, who are neither, so
 * that their rows have a bound in all.  NULL: no memory. */
MUST_CHECK Audit *audit_new(void);
void audit_free(Audit *audit);

/* Queues the row of a write that is about to be committed; of strangers beyond --audit-strangers it
 * is only counted, and their next row says how many it stands for. */
MUST_CHECK bool audit_write(Call *call);

/* Writes the row of a refusal in a transaction of its own, or only counts it.  Never changes how
 * the call failed. */
void audit_refuse(Audit *audit, Call *call);

#endif
