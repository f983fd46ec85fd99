/* Which tenants have a mail to send, and when: a bounded list that any thread adds to and the
 * outbox takes from.  A hint that finds no room is lost, and the outbox's sweep finds its tenant.
 */
#ifndef CIQ_SERVER_MAIL_HINTS_H
#define CIQ_SERVER_MAIL_HINTS_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HINTS = 1024 };

typedef struct Hint {
    int64_t tenant_id, due_us;
} Hint;

typedef struct Hints {
    pthread_mutex_t lock;
    Hint list[HINTS];
    size_t count;
} Hints;

/* Of a list that is all zeros. */
void hints_start(Hints *hints);
void hints_end(Hints *hints);

/* The tenant's outbox is looked into after that time; of two hints the earlier one counts. */
void hints_add(Hints *hints, int64_t tenant_id, int64_t due_us);

/* Takes a hint that was due at that time.  False: there is none. */
bool hints_take(Hints *hints, int64_t now_us, int64_t *tenant_id);

/* Whether there is one. */
bool hints_are_due(Hints *hints, int64_t now_us);

#endif
