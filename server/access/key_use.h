/* When API keys were last used: noted in memory by every call, written now and then by a task of
 * job.c, so that no call waits for it and a read stays a read.  What the database says is behind by
 * two minutes at most.  */
#ifndef CIQ_SERVER_KEY_USE_H
#define CIQ_SERVER_KEY_USE_H

#include "call/call.h"

typedef struct KeyUse KeyUse;

/* NULL: no memory. */
MUST_CHECK KeyUse *key_use_new(void);
void key_use_free(KeyUse *use);

/* A key of the tenant (0: of the platform) is used now.  From any thread; holds one of many short
 * locks. */
void key_use_note(KeyUse *use, int64_t tenant_id, int64_t key_id);

/* A task of job.c: writes what has not been written for a minute. */
MUST_CHECK bool key_use_write(Call *call, void *state);

#endif
