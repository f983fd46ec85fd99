/* The calls of one lane that wait, and who is due what.  They are a tree: the callers that memory
 * knows, and the others; in each of the two the accounts (tenants) that are called; in each of
 * those the addresses that call, and in each of those their connections.
 *
 * Turns: the two kinds of callers take turns, so that names and tokens that anybody can invent keep
 * nobody out who has signed in.  Of the accounts the one with the fewest running calls is due, so
 * that calls that take long get no more workers than short ones.  Addresses take turns, and so do
 * connections.  How many of an account run is bounded, and by half of that where users of other
 * tenants call too, since a machine has fewer cores than a server has workers; all names that
 * memory does not know are one account, with a quarter.
 *
 * Room: everybody may use all of it while nobody else wants it.  Where it is full, whoever has more
 * than an equal share of what is theirs and their siblings' loses their newest call.
 *
 * It has no lock, since its queue has one, and takes no memory after it was made.  */
#ifndef CIQ_SERVER_SHARES_H
#define CIQ_SERVER_SHARES_H

#include "base/compiler.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SHARE_STRANGERS = -1
}; /* in place of a tenant's number: all names that memory does not know */

/* Whose share a call takes. */
typedef struct Share {
    int64_t tenant; /* its number; 0: the platform */
    bool is_known;  /* who calls is known from memory */
    uint64_t address, connection;
} Share;

typedef struct Party Party;
typedef struct Shares Shares;

/* One call; embedded in the listener's own struct. */
typedef struct Ticket Ticket;
struct Ticket {
    Share share;
    size_t size;     /* bytes of the message */
    bool is_counted; /* by the tenant's limit of calls */
    Ticket *next, *before;
    Party *connection; /* while it waits */
};

typedef struct SharesSize {
    size_t calls_max, bytes_max; /* that wait */
    size_t workers, running_max; /* running_max: calls of one account that run at once */
    /* how long after a call of another tenant's user the bound is half of running_max; 0: it is
     * not */
    int64_t crowd_ms;
} SharesSize;

/* NULL: no memory. */
MUST_CHECK Shares *shares_new(const SharesSize *size);
void shares_free(Shares *shares);

/* Where none waits the call runs at once; gives the account that shares_end wants.  NULL: some
 * wait, or its account has as many running as it may. */
MUST_CHECK Party *shares_start(Shares *shares, const Ticket *ticket);

/* The call waits; shares_shed comes next, with or without calls of shares_next in between. */
void shares_wait(Shares *shares, Ticket *ticket);

/* Gives the calls for which there is no room any more since the newcomer waits, linked by next,
 * which may be that one; NULL: none. */
MUST_CHECK Ticket *shares_shed(Shares *shares, const Ticket *newcomer);

/* The call that is due, which runs from now on.  NULL: none waits whose account may run one more.
 */
MUST_CHECK Ticket *shares_next(Shares *shares, Party **account);

/* How many calls wait, and their bytes. */
void shares_waiting(const Shares *shares, size_t *calls, size_t *bytes);

/* A running call of the account has ended. */
void shares_end(Shares *shares, Party *account);

#endif
