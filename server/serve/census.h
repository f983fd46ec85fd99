/* Who is connected: counts connections in all and for each address, and what memory they hold, and
 * chooses which of them is closed where a limit is reached.  Whoever has been idle longest makes
 * room for a newcomer; those who have never asked anything do so among themselves where they hold
 * more than half of the room.  If nobody is idle, who has only answers to take goes; one with calls
 * that are being served never has to.
 *
 * Any thread may call; only coming, leaving and limits take a lock.  */
#ifndef CIQ_SERVER_CENSUS_H
#define CIQ_SERVER_CENSUS_H

#include "base/compiler.h"
#include "base/config.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CENSUS_ADDRESS = 64 };

typedef struct Census Census;
typedef struct CensusAddress CensusAddress;

/* What the census knows of one connection, which embeds it and keeps it up to date. */
typedef struct Guest {
    CensusAddress *address;        /* the census's */
    size_t place;                  /* the census's */
    bool is_leaving;               /* the census's: it was told to close */
    _Atomic ptrdiff_t held;        /* the census's: bytes */
    _Atomic int64_t active_us;     /* when it came, or last sent a whole message */
    atomic_bool has_asked;         /* it has sent a whole message */
    _Atomic size_t calls;          /* that came in and whose answers it has not taken */
    _Atomic size_t serving;        /* those of them that have no answer yet */
    _Atomic int64_t unfinished_us; /* when its unfinished message began; 0: none */
    _Atomic int64_t untaken_us;    /* since when it does not take its answers; 0: it does */
} Guest;

typedef struct CensusLimits {
    size_t connections, of_address; /* at a time */
    size_t bytes;                   /* held by all */
    int64_t message_us, reply_us;   /* until a message is whole, and until answers are taken */
    int64_t idle_us;                /* without a call; 0: for as long as there is room */
    void (*close)(Guest *guest);    /* called with the census's lock: begins to close it, which ends
                                       in census_leave on another thread */
} CensusLimits;

/* What the settings say for connections of any kind; idle_us and close are the caller's to add. */
CensusLimits census_limits(const Config *config);

/* NULL: no memory. */
MUST_CHECK Census *census_new(const CensusLimits *limits);

/* By then everybody has left.  NULL is fine. */
void census_free(Census *census);

typedef enum CensusAnswer {
    CENSUS_IN,
    CENSUS_FULL,         /* all connections are being served */
    CENSUS_ADDRESS_FULL, /* all connections of this address are */
    CENSUS_NO_MEMORY
} CensusAnswer;

/* What the log says of an answer that is not CENSUS_IN. */
const char *census_refusal(CensusAnswer answer);

/* Somebody comes from an address (of at most CENSUS_ADDRESS - 1 characters); if need be somebody
 * idle is closed.  Unless the answer is CENSUS_IN it did not come. */
MUST_CHECK CensusAnswer census_enter(Census *census, Guest *guest, const char *address);
void census_leave(Census *census, Guest *guest);

/* It has closed, and only calls of it are still being served: it is not counted any more. */
void census_leaving(Census *census, Guest *guest);

/* Memory for what is unfinished and for answers that are not taken yet, in bytes more or (as a
 * negative number) less.  Over the limit, the address that holds most loses the connection that
 * has held some for longest. */
void census_hold(Census *census, Guest *guest, ptrdiff_t bytes);

/* Closes whoever has been idle longest, for want of something else than connections.  False: nobody
 * is idle. */
bool census_close_idlest(Census *census);

/* Closes those whose time for a message, for taking answers, or without a call, is over. */
void census_close_late(Census *census, int64_t now_us);

/* Closes everybody. */
void census_close_all(Census *census);

#endif
