/* What is broken while the callers call: servers, PostgreSQL, wires, the pooler and the calendar. A
 * seed decides what, when and for how long.  */
#ifndef CIQ_CHAOS_FAULTS_H
#define CIQ_CHAOS_FAULTS_H

#include "proxy.h"

#include "harness/database.h"
#include "harness/pooler.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum { SERVERS = 3, LANES = 3 };

typedef struct ChaosServer {
    char socket[96], log[96];
    char worker[256], owner[256]; /* its connection strings */
    Proxy wire;                   /* between clients and it */
    atomic_int pid;               /* 0: none runs */
    atomic_bool is_killed;        /* or told to end: by us, so its end is no crash */
} ChaosServer;

typedef struct Place {
    char folder[64];
    char postmaster_file[128];
    TestDatabase database;
    ChaosServer servers[SERVERS];
    Proxy database_wire; /* of the first server */
    Pooler pooler;       /* of the last one */
    bool has_pooler, has_calendar;
    char preload[1024];
    atomic_bool stop;
    atomic_int crashes; /* servers that ended by themselves, by a signal */
} Place;

/* Starts a server that does not run. */
void server_spawn(Place *place, ChaosServer *server);

/* Starts again what has ended.  True: it runs. */
bool server_tend(Place *place, ChaosServer *server);

/* Starts the lanes, each of which breaks one thing at a time. */
void faults_start(Place *place, uint64_t seed);

/* Waits until all of them have mended what they broke. */
void faults_stop(Place *place);

/* How often each was done, as rows of a table. */
void faults_print(FILE *out);

#endif
