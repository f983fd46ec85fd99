/* When sessions were last used, so that their end slides: noted in memory by every call, and
 * written by a job, many at a time, so that no call waits for it and a read stays a read.
 *
 * What the database knows is behind by at most two session-use-s; the end of a session is set later
 * by as much, so that no other server ends a session that is in use on this one.  */
#ifndef CIQ_SERVER_USE_H
#define CIQ_SERVER_USE_H

#include "base/wake.h"
#include "call/call.h"
#include "base/config.h"

typedef struct Use Use;

/* NULL: no memory. */
MUST_CHECK Use *use_new(const Config *config, Wake *wake);
void use_free(Use *use);

/* A session (of a tenant, 0: of the platform) is used now.  From any thread; holds one of many
 * short locks.  When too many wait to be written it rings for the job, and this one is noted by its
 * next call. */
void use_note(Use *use, int64_t tenant_id, int64_t session_id);

/* No more calls come: from now on a use need not have waited to be written. */
void use_finish(Use *use);

/* A task of job.c: writes what has waited long enough. */
MUST_CHECK bool use_write(Call *call, void *state);

/* How long a session lives that is not used, in seconds, as the database has it. */
int64_t use_idle_s(const Config *config);

#endif
