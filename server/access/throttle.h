/* How often something may be tried, counted in the database, where neither a restart nor a second
 * server forgets it. The generic cell rate algorithm (ITU-T I.371): each interval one try is
 * forgiven, and a row holds the time when all of them will be; only a few may be unforgiven at
 * once.
 *
 * What is counted has a name that is a keyed hash: whoever reads the table learns no address.  Rows
 * are the platform's, whatever tenant the call is about, so each function here is a transaction of
 * its own and ends the one that was open.  */
#ifndef CIQ_SERVER_THROTTLE_H
#define CIQ_SERVER_THROTTLE_H

#include "call/call.h"

enum { THROTTLE_KEY_SIZE = 33 };

typedef struct Throttle {
    char key[THROTTLE_KEY_SIZE];
    bool is_kept; /* of an account alone: no flood of others drives it out */
    int64_t allowed, interval_s;
    /* as throttle_read found them: until all tries are forgiven, and until one more is allowed */
    int64_t forgiven_ms, wait_ms;
} Throttle;

/* The counter of a kind of try: of an account of the call's tenant (NULL: of none), from an address
 * (NULL: from any).  Of an address alone it is the same in all tenants.  account is what the
 * database made of what was asked (sql/part/identity.sql; "#5" is the account 5): nothing is folded
 * here, or else whoever writes an address in a way that only the look-up folds would have a counter
 * of their own. */
void throttle_name(const Call *call, Throttle *counter, const char *kind, const char *account,
                   const char *origin);

/* Fills in how it stands with each. */
MUST_CHECK bool throttle_read(Call *call, Throttle *counters, size_t count);

/* Counts one try of each. */
MUST_CHECK bool throttle_count(Call *call, const Throttle *counters, size_t count);

/* Has dispatch count one try of each if the call fails for good (call.h, record). */
MUST_CHECK bool throttle_count_failure(Call *call, const Throttle *counters, size_t count);

/* Forgives a counter, and remembers that something happened, for these seconds: its
 * forgiven_ms is how much of them is left. */
MUST_CHECK bool throttle_forget_and_remember(Call *call, const Throttle *forgotten,
                                             const Throttle *remembered, int64_t seconds);

/* Fails the call with RESOURCE_EXHAUSTED, retry_after_ms and "…: try again in 5 minutes"; the
 * answer goes out a quarter of a second later, or in half of what the deadline leaves. */
MUST_CHECK bool throttle_fail(Call *call, const Throttle *counter, const char *what);

#endif
