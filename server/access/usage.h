/* When sessions and API keys were last used: noted in memory by every call, and written by tasks of
 * jobs, a tenant at a time, so that no call waits for it and a read stays a read.
 *
 * Sessions: their end slides by it.  What the database knows is behind by at most two
 * session-use-s; the end of a session is set later by as much, so that no other server ends a
 * session that is in use on this one.  Keys: what the database says is for people, and two minutes
 * behind at most.  */
#ifndef CIQ_SERVER_USAGE_H
#define CIQ_SERVER_USAGE_H

#include "base/config.h"
#include "base/wake.h"
#include "call/call.h"

typedef struct Usage Usage;

typedef enum UsageKind { USAGE_SESSION, USAGE_KEY, USAGE_KINDS } UsageKind;

/* sessions: the bell of the job that writes theirs.  NULL: no memory. */
MUST_CHECK Usage *usage_new(const Config *config, Wake *sessions);
void usage_free(Usage *usage);

/* A session or key of a tenant (0: of the platform) is used now.  From any thread; holds one of
 * many short locks.  When there is no room for another session until some are written, this rings
 * for the job, and the session is noted by its next call. */
void usage_note(Usage *usage, UsageKind kind, int64_t tenant_id, int64_t id);

/* No more calls come: from now on whatever was noted may be written at once. */
void usage_finish(Usage *usage);

/* Tasks of jobs: they write what has waited long enough. */
MUST_CHECK bool usage_write_sessions(Call *call, void *state);
MUST_CHECK bool usage_write_keys(Call *call, void *state);

/* How long a session lives that is not used, in seconds, as the database has it. */
int64_t usage_idle_s(const Config *config);

#endif
