/* Sealing an audit against those who can write to the database: settled rows are chained in batches
 * by keyed hashes, whose key is in a file of the server's and never in the database.  No writing
 * transaction waits for it.
 *
 * What it cannot see: rows that nobody has sealed yet, and a database that was set back as a whole,
 * with its anchors; against that the log has each new count and head.  */
#ifndef CIQ_SERVER_SEAL_H
#define CIQ_SERVER_SEAL_H

#include "call/call.h"

/* Where the next look at the audits begins. */
typedef struct Sealer {
    int64_t after;  /* the tenant that was seen last */
    bool is_behind; /* an audit among them has more to seal than a look at it seals */
} Sealer;

/* A task of a job's, only with a key: seals what is due.  state is a Sealer. */
MUST_CHECK bool seal_audits(Call *call, void *state);

/* Reads the key's file: at least 32 bytes that nobody else knows.  False: reason says why. */
MUST_CHECK bool seal_read_key(const char *path, uint8_t key[32], char *reason, size_t size);

/* How far a look at an audit has come, and where it ends. */
typedef struct SealLook {
    int64_t seals; /* how many there are */
    int64_t rows;  /* in all seals */
    int64_t seen;  /* in the seals up to last */
    int64_t last;  /* the number of the last seal that was compared */
    char head[65]; /* the last seal's hash, in hexadecimal; "": nothing is sealed */
} SealLook;

/* Compares the audit of the call's tenant, or of the platform, with some of its seals, from one
 * after a number. False: the call has failed, with DATA_LOSS and the first event that is not as it
 * was sealed. */
MUST_CHECK bool seal_verify(Call *call, int64_t after, SealLook *look);

#endif
