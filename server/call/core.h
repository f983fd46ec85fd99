/* What a call may know of the server that serves it: the settings, the facts of the installation,
 * and the parts that outlive a call, which belong to the rooms that declare them.  server.c fills
 * it in before any other thread runs; afterwards only what is atomic, or guards itself, changes. */
#ifndef CIQ_SERVER_CORE_H
#define CIQ_SERVER_CORE_H

#include "base/config.h"
#include "base/limits.h"
#include "call/changes.h"
#include "call/operators.h"

#include <stdatomic.h>

enum { CORE_KEY_SIZE = 32 };

/* The same on every server of the installation. */
typedef struct Installation {
    char name[17];              /* as in the roles' names */
    uint8_t key[CORE_KEY_SIZE]; /* sub-keys are derived from it */
    char platform_role[LIMIT_ROLE_NAME + 1];
    char worker_login[LIMIT_ROLE_NAME + 1];
    const char *operator_permissions; /* as Caller.permissions */
} Installation;

typedef struct Core {
    const Config *config;
    Installation installation;
    uint8_t audit_key[CORE_KEY_SIZE]; /* of --audit-key-file */
    bool has_audit_key;
    Operators operators;
    char run_id[17];  /* names this run of the server in request ids and heartbeats */
    uint64_t run;     /* the same as a number, never 0 (Reply.run) */
    int64_t start_us; /* when it began, of clock_boot_us (Reply.receive_us) */

    /* readable from when calls are no longer waited for, and from when the server's own work is
     * not; NULL: nothing says so */
    const int *stop_calls_fd, *stop_work_fd;

    const struct DbOptions *worker_options, *owner_options;
    const struct Apps *apps; /* all migrations that this server knows */
    struct Cache *cache;
    struct Usage *usage;
    struct Pulse *pulse; /* NULL: it does not listen */
    struct Rate *rate;
    struct Audit *audit;
    struct Metrics *metrics; /* NULL: nothing is counted */
    ChangeListener changes;  /* told of every change, here or on another server */

    _Atomic uint64_t calls;             /* ever received */
    _Atomic unsigned workers_connected; /* to the database */
    _Atomic int64_t last_call_us; /* when the last one came that is neither an owner's nor hashes a
                                   * password; monotonic */
    _Atomic unsigned roles_made;  /* grows with new roles: connections warm themselves */
    _Atomic int trial;    /* whether a new tenant can have all migrations (migration/trial.c) */
    _Atomic bool serving; /* the answer of Health */
    _Atomic uint64_t strangers_counted; /* rows that tries of strangers may have made */
    /* when the log may say again that what strangers leave behind has reached its bound */
    _Atomic int64_t demo_full_us, throttle_full_us, audit_full_us;
} Core;

#endif
