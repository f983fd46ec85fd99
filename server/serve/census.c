/* A list of all guests, and a table of addresses with their counts.  At a limit the whole list is
 * walked: some thousands of entries, once for each connection that has to go.  */
#include "serve/census.h"
#include "base/hash.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BUCKETS = 1024 };

struct CensusAddress {
    CensusAddress *next; /* in its bucket */
    char text[CENSUS_ADDRESS];
    size_t guests, leaving;
    _Atomic ptrdiff_t held; /* bytes; those of an answer may go before they are counted */
};

struct Census {
    CensusLimits limits;
    pthread_mutex_t lock;
    _Atomic ptrdiff_t held; /* bytes; those of an answer may go before they are counted */
    Guest **guests;
    size_t count, leaving, room;
    CensusAddress *buckets[BUCKETS];
};

CensusLimits
census_limits(const Config *config)
{
    return (CensusLimits){
        .connections = (size_t) config->connections,
        .of_address = (size_t) config->connections_per_address,
        .bytes = (size_t) config->connection_bytes,
        .message_us = config->message_timeout_ms * 1000,
        .reply_us = config->reply_timeout_ms * 1000,
    };
}

const char *
census_refusal(CensusAnswer answer)
{
    switch (answer) {
    case CENSUS_FULL:
        return "refused: all connections are busy";
    case CENSUS_ADDRESS_FULL:
        return "refused: all connections of this address are busy";
    case CENSUS_NO_MEMORY:
    case CENSUS_IN:
        break;
    }
    return "refused: no memory";
}

Census *
census_new(const CensusLimits *limits)
{
    Census *census = calloc(1, sizeof *census);

    if (census == NULL)
        return NULL;
    census->limits = *limits;
    pthread_mutex_init(&census->lock, NULL);
    return census;
}

void
census_free(Census *census)
{
    if (census == NULL)
        return;
    pthread_mutex_destroy(&census->lock);
    free(census->guests);
    free(census);
}

static CensusAddress **
find_address(Census *census, const char *text)
{
    CensusAddress **at = &census->buckets[hash_bytes(text, strlen(text)) % BUCKETS];

    while (*at != NULL && strcmp((*at)->text, text) != 0)
        at = &(*at)->next;
    return at;
}

static void
count_leaving(Census *census, Guest *guest)
{
    guest->is_leaving = true;
    guest->address->leaving++;
    census->leaving++;
}

static void
tell_to_close(Census *census, Guest *guest)
{
    count_leaving(census, guest);
    census->limits.close(guest);
}

/* Of two guests without calls that are being served the one that goes first. */
static bool
is_idler(const Guest *guest, const Guest *other)
{
    bool takes = atomic_load(&guest->calls) > 0, other_takes = atomic_load(&other->calls) > 0;

    if (takes != other_takes)
        return other_takes;
    return atomic_load(&guest->active_us) < atomic_load(&other->active_us);
}

/* Closes the idlest guest of an address; NULL: of all.  Where more than half have never asked
 * anything, one of them goes. */
static bool
close_idlest(Census *census, const CensusAddress *address)
{
    Guest *idlest = NULL, *silent = NULL; /* silent: the idlest of those who have never asked */
    size_t guests = 0, silents = 0;

    for (size_t i = 0; i < census->count; i++) {
        Guest *guest = census->guests[i];

        if (guest->is_leaving || (address != NULL && guest->address != address))
            continue;
        guests++;
        if (atomic_load(&guest->serving) > 0)
            continue;
        if (idlest == NULL || is_idler(guest, idlest))
            idlest = guest;
        if (atomic_load(&guest->has_asked))
            continue;
        silents++;
        if (silent == NULL || is_idler(guest, silent))
            silent = guest;
    }
    if (silents > guests / 2)
        idlest = silent;
    if (idlest != NULL)
        tell_to_close(census, idlest);
    return idlest != NULL;
}

static CensusAnswer
make_room(Census *census, const CensusAddress *address)
{
    if (address != NULL && address->guests - address->leaving >= census->limits.of_address)
        return close_idlest(census, address) ? CENSUS_IN : CENSUS_ADDRESS_FULL;
    if (census->count - census->leaving >= census->limits.connections)
        return close_idlest(census, NULL) ? CENSUS_IN : CENSUS_FULL;
    return CENSUS_IN;
}

static bool
grow(Census *census)
{
    size_t room = census->room == 0 ? 64 : census->room * 2;
    Guest **guests;

    if (census->count < census->room)
        return true;
    guests = realloc(census->guests, room * sizeof *guests);
    if (guests == NULL)
        return false;
    census->guests = guests;
    census->room = room;
    return true;
}

static CensusAnswer
enter(Census *census, Guest *guest, const char *address)
{
    CensusAddress **at = find_address(census, address);
    CensusAnswer answer = make_room(census, *at);

    if (answer != CENSUS_IN)
        return answer;
    if (!grow(census))
        return CENSUS_NO_MEMORY;
    if (*at == NULL) {
        *at = calloc(1, sizeof **at);
        if (*at == NULL)
            return CENSUS_NO_MEMORY;
        snprintf((*at)->text, sizeof(*at)->text, "%s", address);
    }
    (*at)->guests++;
    guest->address = *at;
    guest->place = census->count;
    guest->is_leaving = false;
    census->guests[census->count++] = guest;
    return CENSUS_IN;
}

CensusAnswer
census_enter(Census *census, Guest *guest, const char *address)
{
    CensusAnswer answer;

    pthread_mutex_lock(&census->lock);
    answer = enter(census, guest, address);
    pthread_mutex_unlock(&census->lock);
    return answer;
}

void
census_leave(Census *census, Guest *guest)
{
    CensusAddress *address = guest->address, **at;
    ptrdiff_t held = atomic_exchange(&guest->held, 0);

    atomic_fetch_sub(&census->held, held);
    pthread_mutex_lock(&census->lock);
    atomic_fetch_sub(&address->held, held);
    census->leaving -= guest->is_leaving;
    address->leaving -= guest->is_leaving;
    census->guests[guest->place] = census->guests[--census->count];
    census->guests[guest->place]->place = guest->place;
    if (--address->guests == 0) {
        at = find_address(census, address->text);
        *at = address->next;
        free(address);
    }
    pthread_mutex_unlock(&census->lock);
}

void
census_leaving(Census *census, Guest *guest)
{
    pthread_mutex_lock(&census->lock);
    if (!guest->is_leaving)
        count_leaving(census, guest);
    pthread_mutex_unlock(&census->lock);
}

/* Since when the guest has held memory; 0: it holds none. */
static int64_t
holds_since_us(const Guest *guest)
{
    int64_t unfinished_us = atomic_load(&guest->unfinished_us);
    int64_t untaken_us = atomic_load(&guest->untaken_us);

    if (unfinished_us == 0 || (untaken_us != 0 && untaken_us < unfinished_us))
        return untaken_us;
    return unfinished_us;
}

/* Of two guests the one that is closed: of the address that holds more, then who has held some for
 * longer. */
static bool
is_worse(const Guest *guest, const Guest *other)
{
    ptrdiff_t held = atomic_load(&guest->address->held),
              others = atomic_load(&other->address->held);

    if (guest->address != other->address)
        return held > others;
    return holds_since_us(guest) < holds_since_us(other);
}

/* One guest is closed, unless those that are being closed already hold what is too much. */
static void
close_holder(Census *census)
{
    ptrdiff_t held = 0;
    Guest *worst = NULL;

    for (size_t i = 0; i < census->count; i++) {
        Guest *guest = census->guests[i];

        if (guest->is_leaving || atomic_load(&guest->held) <= 0)
            continue;
        held += atomic_load(&guest->held);
        if (holds_since_us(guest) != 0 && (worst == NULL || is_worse(guest, worst)))
            worst = guest;
    }
    if (held > (ptrdiff_t) census->limits.bytes && worst != NULL)
        tell_to_close(census, worst);
}

void
census_hold(Census *census, Guest *guest, ptrdiff_t bytes)
{
    if (bytes == 0)
        return;
    atomic_fetch_add(&guest->held, bytes);
    atomic_fetch_add(&guest->address->held, bytes);
    if (atomic_fetch_add(&census->held, bytes) + bytes <= (ptrdiff_t) census->limits.bytes ||
        bytes < 0)
        return;
    pthread_mutex_lock(&census->lock);
    close_holder(census);
    pthread_mutex_unlock(&census->lock);
}

bool
census_close_idlest(Census *census)
{
    bool closed;

    pthread_mutex_lock(&census->lock);
    closed = close_idlest(census, NULL);
    pthread_mutex_unlock(&census->lock);
    return closed;
}

static bool
is_late(const Guest *guest, const CensusLimits *limits, int64_t now_us)
{
    int64_t unfinished_us = atomic_load(&guest->unfinished_us);
    int64_t untaken_us = atomic_load(&guest->untaken_us);

    bool is_idle = unfinished_us == 0 && untaken_us == 0 && atomic_load(&guest->calls) == 0;

    return (unfinished_us != 0 && now_us - unfinished_us > limits->message_us) ||
           (untaken_us != 0 && now_us - untaken_us > limits->reply_us) ||
           (limits->idle_us != 0 && is_idle &&
            now_us - atomic_load(&guest->active_us) > limits->idle_us);
}

void
census_close_late(Census *census, int64_t now_us)
{
    pthread_mutex_lock(&census->lock);
    for (size_t i = 0; i < census->count; i++)
        if (!census->guests[i]->is_leaving && is_late(census->guests[i], &census->limits, now_us))
            tell_to_close(census, census->guests[i]);
    pthread_mutex_unlock(&census->lock);
}

void
census_close_all(Census *census)
{
    pthread_mutex_lock(&census->lock);
    for (size_t i = 0; i < census->count; i++)
        if (!census->guests[i]->is_leaving)
            tell_to_close(census, census->guests[i]);
    pthread_mutex_unlock(&census->lock);
}
