/* What a transaction changes, for all who remember it or wait for it: gathered in the call while
 * its statements run, sent to the other servers with its commit (db/transaction), and told on this
 * server when the commit has succeeded, or when another server's notification comes (db/listen).
 * Both ways end in the one listener of Core.  */
#ifndef CIQ_SERVER_CHANGES_H
#define CIQ_SERVER_CHANGES_H

#include "base/compiler.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum ChangeKind {
#define CHANGE(name, letter, what) CHANGE_##name,
#include "call/changes.def"
#undef CHANGE
    CHANGE_KINDS
} ChangeKind;

typedef struct Change {
    ChangeKind kind;
    int64_t tenant_id; /* 0: the platform, or the kind is about no tenant */
} Change;

enum {
    CHANGES_MAX = 8,         /* in one transaction; more become CHANGE_ALL */
    CHANGE_PAYLOAD_SIZE = 24 /* a letter, a number of 64 bits and NUL */
};

typedef struct Changes {
    Change list[CHANGES_MAX];
    size_t count;
    bool is_open; /* a transaction that writes has begun, whose changes these are */
} Changes;

/* Notes a change, once. */
void changes_add(Changes *changes, ChangeKind kind, int64_t tenant_id);

/* The payload of a notification.  False: nobody else has to know. */
MUST_CHECK bool change_encode(Change change, char payload[CHANGE_PAYLOAD_SIZE]);

/* What another server's payload says; one that is not understood is a newer server's, and means
 * CHANGE_ALL. */
Change change_decode(const char *payload);

/* The bit of a kind in Query.changes. */
#define CHANGE_BIT(kind) (1u << (kind))

/* Who is told, from any thread. */
typedef struct ChangeListener {
    /* of every change of a committed transaction, on this server or another */
    void (*tell)(void *argument, Change change);
    /* that all changes that were committed before this time (monotonic) have been told */
    void (*tell_current)(void *argument, int64_t time_us);
    void *argument;
} ChangeListener;

#endif
