/* What the server's own modules may ask of the running server; the public face is server.h. */
#ifndef CIQ_SERVER_SERVER_STATE_H
#define CIQ_SERVER_SERVER_STATE_H

#include "migration/apps.h"
#include "access/audit.h"
#include "access/cache.h"
#include "base/config.h"
#include "db/db.h"
#include "serve/queue.h"

#include <stdatomic.h>

typedef struct Listener Listener;
typedef struct Worker Worker;
typedef struct Heartbeat Heartbeat;
typedef struct Cluster Cluster;
typedef struct Job Job;
typedef struct Rate Rate;
typedef struct KeyUse KeyUse;
typedef struct Outbox Outbox;
typedef struct Runs Runs;
typedef struct Use Use;

/* Everything that outlives one call.  Written by server_start before any other thread runs;
 * afterwards only what is atomic, or guards itself, changes. */
struct Server {
    const Config *config;
    Cluster *cluster; /* NULL: the database is somebody else's */
    char *conninfo_worker, *conninfo_owner;
    char *extension_schemas; /* quoted, for search_path: "" or "\"ext\", " */
    DbOptions worker_options, owner_options;
    char worker_login[LIMIT_ROLE_NAME + 1];
    Apps *apps;            /* all migrations that this server knows */
    uint8_t key[32];       /* the installation's */
    char installation[17]; /* its name, as in the roles' names */
    uint8_t audit_key[32]; /* of --audit-key-file */
    bool has_audit_key;
    char *operator_permissions; /* as Caller.permissions */
    Cache *cache;
    Queue *queues[LANE_COUNT];
    Worker **workers;
    size_t workers_count;
    Listener *listener;
    Heartbeat *heartbeat;
    Job *job;           /* housekeeping */
    Job *mailer;        /* the outboxes */
    Job *sealer;        /* the audits; NULL without a key */
    int64_t seal_after; /* the tenant that it has seen last; its own */
    Job *prover;        /* customers' domains; NULL: nobody asks for a proof */
    Job *keeper;        /* sessions that are used */
    Use *use;
    Outbox *outbox;
    Runs *runs;
    Audit *audit;
    Rate *rate;
    KeyUse *key_use;
    bool pooled;            /* a pooler stands between: no listener connection, so no cache */
    char run_id[17];        /* names this run of the server in request ids */
    _Atomic uint64_t calls; /* ever received */
    _Atomic int64_t
        last_call_us; /* when the last one came that is neither an owner's nor hashes a password */
    _Atomic unsigned
        roles_made;       /* grows with each new block of roles: connections warm themselves */
    _Atomic bool serving; /* the answer of Health */
};

/* The installation's key of 32 bytes, from which sub-keys are derived. */
const uint8_t *server_key(const Server *server);

/* The rest of what handlers may know of the server. */
const Config *server_config(const Server *server);
bool server_is_serving(const Server *server);

/* Calls that can be queued or served at once, over all lanes. */
size_t server_queued_max(const Server *server);

#endif
