/* A tree of parties.  Those that come and go are found by one table, and come from a store that is
 * as large as it can ever have to be.  */
#include "serve/shares.h"
#include "base/clock.h"

#include <assert.h>
#include <stdlib.h>

typedef enum Level {
    LEVEL_ALL,
    LEVEL_KIND, /* the callers that memory knows, and the others */
    LEVEL_ACCOUNT,
    LEVEL_ADDRESS,
    LEVEL_CONNECTION,
    LEVEL_COUNT
} Level;

/* A ring is named by the link that had the last turn, whose next is due; NULL: it is empty. */
typedef struct Link Link;
struct Link {
    Link *next, *before;
    Party *party;
};

struct Party {
    Party *chain;  /* in its place of the table, or in the store */
    Party *parent; /* NULL: it is all */
    uint64_t key;
    Level level;
    size_t calls, bytes; /* that wait in it */
    Link *children;      /* those in which calls wait */
    size_t children_count;
    Link sibling;            /* in the parent's children, if calls wait in it */
    Ticket *oldest, *newest; /* of a connection */
    size_t running;          /* of an account */
    Link ready;              /* of an account: in the ring of those with as many running */
};

struct Shares {
    SharesSize size;
    int64_t last_tenant;       /* of the callers that memory knows: whose call began last, */
    int64_t last_us, other_us; /* when, and when the last one of another tenant did; 0: never */
    Party all, kinds[2];       /* kinds by Share.is_known */
    Link **ready[2];           /* rings of accounts, by is_known and by how many run */
    bool known_are_due;        /* where both kinds of callers wait */
    Party *store, *free, **table;
    size_t store_used, store_size;
};

/* ---- rings ---- */

static void
ring_add(Link **ring, Link *link)
{
    if (*ring == NULL) {
        link->next = link->before = link;
    } else {
        link->before = *ring;
        link->next = (*ring)->next;
        link->before->next = link->next->before = link;
    }
    *ring = link; /* its turn comes after all others */
}

static void
ring_remove(Link **ring, Link *link)
{
    if (link->next == link) {
        *ring = NULL;
        return;
    }
    link->before->next = link->next;
    link->next->before = link->before;
    if (*ring == link)
        *ring = link->before;
}

/* The one that is due, which has had its turn with that. */
static Party *
ring_turn(Link **ring)
{
    *ring = (*ring)->next;
    return (*ring)->party;
}

/* ---- parties ---- */

static void
party_init(Party *party, Party *parent, uint64_t key)
{
    *party = (Party){.parent = parent, .key = key};
    party->level = parent == NULL ? LEVEL_ALL : parent->level + 1;
    party->sibling.party = party->ready.party = party;
}

/* Keys are numbers that nobody outside can choose, or hashed under a secret key; and of two in one
 * place each costs the other a comparison, and nothing else. */
static Party **
table_place(Shares *shares, const Party *parent, uint64_t key)
{
    uint64_t mixed = key ^ (uint64_t) (uintptr_t) parent;

    mixed = (mixed ^ mixed >> 32) * 0x9e3779b97f4a7c15u; /* Fibonacci hashing (Knuth, 6.4) */
    return &shares->table[(mixed >> 32) % shares->store_size];
}

static Party *
party_get(Shares *shares, Party *parent, uint64_t key)
{
    Party **place = table_place(shares, parent, key), *party = *place;

    while (party != NULL && (party->parent != parent || party->key != key))
        party = party->chain;
    if (party != NULL)
        return party;
    if (shares->free != NULL) {
        party = shares->free;
        shares->free = party->chain;
    } else {
        assert(shares->store_used < shares->store_size);
        party = &shares->store[shares->store_used++];
    }
    party_init(party, parent, key);
    party->chain = *place;
    *place = party;
    return party;
}

/* Gives it back if nothing waits or runs in it. */
static void
party_drop(Shares *shares, Party *party)
{
    Party **place = table_place(shares, party->parent, party->key);

    if (party->calls > 0 || party->running > 0)
        return;
    while (*place != party)
        place = &(*place)->chain;
    *place = party->chain;
    party->chain = shares->free;
    shares->free = party;
}

static Party *
account_get(Shares *shares, const Share *share)
{
    return party_get(shares, &shares->kinds[share->is_known], (uint64_t) share->tenant);
}

static bool
is_known(const Party *account)
{
    return account->parent->key != 0;
}

/* ---- how many run ---- */

static void
account_begins(Shares *shares, Party *account)
{
    int64_t tenant = (int64_t) account->key;

    account->running++;
    if (!is_known(account) || shares->size.crowd_ms == 0)
        return;
    if (tenant != shares->last_tenant)
        shares->other_us = shares->last_us;
    shares->last_tenant = tenant;
    shares->last_us = clock_us();
}

/* Whether a user of another tenant has called lately. */
static bool
is_crowded(const Shares *shares, const Party *account)
{
    bool is_last = is_known(account) && (int64_t) account->key == shares->last_tenant;
    int64_t others_us = is_last ? shares->other_us : shares->last_us;

    return others_us != 0 && clock_us() - others_us < shares->size.crowd_ms * 1000;
}

/* Where one account may hold all workers it may do so beside others too. */
static bool
is_bounded(const Shares *shares)
{
    return shares->size.running_max < shares->size.workers;
}

/* Names of strangers are only looked up, each once: few at a time are enough. */
static size_t
running_max(const Shares *shares, const Party *account)
{
    size_t most = shares->size.running_max;

    return !is_bounded(shares) || (int64_t) account->key != SHARE_STRANGERS ? most : (most + 3) / 4;
}

static bool
may_run(const Shares *shares, const Party *account)
{
    size_t most = running_max(shares, account);

    return account->running < (most + 1) / 2 ||
           (account->running < most && !(is_bounded(shares) && is_crowded(shares, account)));
}

/* Where an account waits for its turn; NULL: nothing waits in it, or it may never run more. */
static Link **
ready_ring(Shares *shares, const Party *account)
{
    if (account->calls == 0 || account->running >= running_max(shares, account))
        return NULL;
    return &shares->ready[is_known(account)][account->running];
}

/* After a change, from where it was before: one that stays keeps its turn. */
static void
account_moved(Shares *shares, Party *account, Link **before)
{
    Link **after = ready_ring(shares, account);

    if (after == before)
        return;
    if (before != NULL)
        ring_remove(before, &account->ready);
    if (after != NULL)
        ring_add(after, &account->ready);
}

static Party *
account_of(Party *connection)
{
    return connection->parent->parent;
}

static void
ticket_add(Party *connection, Ticket *ticket)
{
    ticket->connection = connection;
    ticket->next = NULL;
    ticket->before = connection->newest;
    if (ticket->before != NULL)
        ticket->before->next = ticket;
    else
        connection->oldest = ticket;
    connection->newest = ticket;
    for (Party *party = connection; party != NULL; party = party->parent) {
        if (party->calls++ == 0 && party->parent != NULL) {
            ring_add(&party->parent->children, &party->sibling);
            party->parent->children_count++;
        }
        party->bytes += ticket->size;
    }
}

/* Only an account outlives its last call here: one may run, or is about to. */
static void
ticket_remove(Shares *shares, Ticket *ticket)
{
    Party *connection = ticket->connection, *parent;

    *(ticket->before != NULL ? &ticket->before->next : &connection->oldest) = ticket->next;
    *(ticket->next != NULL ? &ticket->next->before : &connection->newest) = ticket->before;
    ticket->next = ticket->before = NULL;
    ticket->connection = NULL;
    for (Party *party = connection; party != NULL; party = parent) {
        parent = party->parent;
        party->bytes -= ticket->size;
        if (--party->calls > 0 || parent == NULL)
            continue;
        ring_remove(&parent->children, &party->sibling);
        parent->children_count--;
        if (party->level > LEVEL_ACCOUNT)
            party_drop(shares, party);
    }
}

/* ---- room ---- */

static size_t
weight(const Party *party, bool by_bytes)
{
    return by_bytes ? party->bytes : party->calls;
}

/* Whether it has at least an equal share of what its parent has. */
static bool
is_over(const Party *party, bool by_bytes)
{
    return weight(party, by_bytes) * party->parent->children_count >=
           weight(party->parent, by_bytes);
}

/* There is one, since not all can have less than the average. */
static Party *
find_over(const Party *parent, bool by_bytes)
{
    const Link *link = parent->children;

    while (!is_over(link->party, by_bytes))
        link = link->next;
    return link->party;
}

/* The call that goes: the newest of whoever has too much, and rather the newcomer's than
 * another's. */
static Ticket *
surplus(Shares *shares, const Ticket *newcomer, bool by_bytes)
{
    Party *own[LEVEL_COUNT] = {NULL}, *party = &shares->all;

    for (Party *at = newcomer->connection; at != NULL; at = at->parent)
        own[at->level] = at;
    while (party->level < LEVEL_CONNECTION) {
        Party *mine = own[party->level + 1];
        bool is_mine = mine != NULL && mine->parent == party && is_over(mine, by_bytes);

        party = is_mine ? mine : find_over(party, by_bytes);
    }
    return party->newest;
}

Ticket *
shares_shed(Shares *shares, const Ticket *newcomer)
{
    const SharesSize *size = &shares->size;
    Ticket *gone = NULL;

    while (shares->all.calls > size->calls_max || shares->all.bytes > size->bytes_max) {
        Ticket *ticket = surplus(shares, newcomer, shares->all.calls <= size->calls_max);
        Party *account = account_of(ticket->connection);
        Link **before = ready_ring(shares, account);

        ticket_remove(shares, ticket);
        account_moved(shares, account, before);
        party_drop(shares, account);
        ticket->next = gone;
        gone = ticket;
    }
    return gone;
}

/* ---- what the queue calls ---- */

Shares *
shares_new(const SharesSize *size)
{
    Shares *shares = calloc(1, sizeof *shares);

    if (shares == NULL)
        return NULL;
    shares->size = *size;
    /* an account, an address and a connection for each call that waits, one of which is still to be
     * shed; and an account for each that runs */
    shares->store_size = 3 * (size->calls_max + 1) + size->workers;
    /* calloc: pages that nobody touches cost no memory */
    shares->store = calloc(shares->store_size, sizeof *shares->store);
    shares->table = calloc(shares->store_size, sizeof *shares->table);
    party_init(&shares->all, NULL, 0);
    for (uint64_t known = 0; known < 2; known++) {
        party_init(&shares->kinds[known], &shares->all, known);
        shares->ready[known] = calloc(size->running_max, sizeof *shares->ready[known]);
    }
    if (shares->store == NULL || shares->table == NULL || shares->ready[0] == NULL ||
        shares->ready[1] == NULL) {
        shares_free(shares);
        return NULL;
    }
    return shares;
}

void
shares_free(Shares *shares)
{
    if (shares == NULL)
        return;
    free((void *) shares->ready[0]);
    free((void *) shares->ready[1]);
    free((void *) shares->table);
    free(shares->store);
    free(shares);
}

Party *
shares_start(Shares *shares, const Ticket *ticket)
{
    Party *account;

    if (shares->all.calls > 0)
        return NULL;
    account = account_get(shares, &ticket->share);
    if (!may_run(shares, account)) {
        party_drop(shares, account);
        return NULL;
    }
    account_begins(shares, account);
    return account;
}

void
shares_wait(Shares *shares, Ticket *ticket)
{
    const Share *share = &ticket->share;
    Party *account = account_get(shares, share);
    Party *address = party_get(shares, account, share->address);
    Link **before = ready_ring(shares, account);

    ticket_add(party_get(shares, address, share->connection), ticket);
    account_moved(shares, account, before);
}

/* The first in turn that may run.  Only those with many running calls may not, and of accounts that
 * have half of the workers or a quarter there are not many. */
static Party *
find_due(const Shares *shares, const Link *ring)
{
    const Link *link = ring;

    if (ring == NULL)
        return NULL;
    do {
        link = link->next;
        if (may_run(shares, link->party))
            return link->party;
    } while (link != ring);
    return NULL;
}

Ticket *
shares_next(Shares *shares, Party **account)
{
    for (int kind = 0; kind < 2; kind++) {
        bool known = shares->known_are_due == (kind == 0);

        for (size_t running = 0; running < shares->size.running_max; running++) {
            Link **ring = &shares->ready[known][running];
            Party *due = find_due(shares, *ring);

            if (due == NULL)
                continue;

            Ticket *ticket = ring_turn(&ring_turn(&due->children)->children)->oldest;

            ticket_remove(shares, ticket);
            account_begins(shares, due);
            account_moved(shares, due, ring);
            shares->known_are_due = !known;
            *account = due;
            return ticket;
        }
    }
    return NULL;
}

void
shares_end(Shares *shares, Party *account)
{
    Link **before = ready_ring(shares, account);

    account->running--;
    account_moved(shares, account, before);
    party_drop(shares, account);
}

void
shares_waiting(const Shares *shares, size_t *calls, size_t *bytes)
{
    *calls = shares->all.calls;
    *bytes = shares->all.bytes;
}
