/* A database of the test's own on the run's PostgreSQL, which is the one that CIQ_TEST_DATABASE
 * names (a superuser's connection string), or the run's private one, which tests/harness/postgres
 * has started.  */
#ifndef CIQ_TESTS_DATABASE_H
#define CIQ_TESTS_DATABASE_H

#include "server/migration/file.h"

#include <libpq-fe.h>

/* A database with logins of its own, so that no two tests meet. */
typedef struct TestDatabase {
    char name[64];
    char worker[160], owner[160], superuser[160]; /* connection strings to it */
} TestDatabase;

void database_new(TestDatabase *database);
void database_drop(TestDatabase *database); /* with its logins and roles */

/* A new superuser's connection to it; PQfinish it. */
PGconn *database_connect(const TestDatabase *database);

/* Runs a statement as the superuser, fails the test if it fails, and gives the first column of the
 * first row ("" for none), which is good for three more calls. */
const char *database_value(const TestDatabase *database, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Fails the test unless the statement gives this (as database_value). */
void assert_value(const TestDatabase *database, const char *expected, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Waits until the statement gives this. */
void wait_for_value(const TestDatabase *database, const char *expected, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Runs a statement on a connection and fails the test if it fails. */
void connection_run(PGconn *connection, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A superuser's transaction that holds what the statement locks, until database_release rolls it
 * back (or PQfinish, without waiting for it). */
PGconn *database_hold(const TestDatabase *database, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void database_release(PGconn *holder);

/* Waits until so many backends of the database wait for a lock. */
void wait_for_waiters(const TestDatabase *database, int count);

/* Counts everything that a call which made part of a tenant and failed could leave behind. */
void database_traces(const TestDatabase *database, char traces[200]);

/* The newest of the server's own tenant migrations of an app. */
const MigrationFile *migration_newest(const char *app);

/* Undoes one in a tenant's schema as a run would, by hand, so that no test of runs rests on the
 * code it is about. */
void migration_undo(const TestDatabase *database, const char *schema, const MigrationFile *file);

#endif
