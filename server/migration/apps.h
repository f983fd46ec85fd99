/* The migrations that this server knows: its own, and those of the user's apps (--apps DIR), which
 * have the same layout: DIR/shared/<app>/0001_initial.sql for the schema public, DIR/tenant/<app>/…
 * for every tenant's.  Read once at start, constant afterwards.  */
#ifndef CIQ_SERVER_APPS_H
#define CIQ_SERVER_APPS_H

#include "call/call.h"
#include "migration/file.h"

typedef struct Apps {
    MigrationSet shared, tenant;
    char *heads;        /* of a new tenant, as tenants_tenant.heads: {"core":1,…} */
    char *shared_heads; /* the same of the schema public */
    /* JSON: [{"app","number","name","checksum","former": […],"file"}, …] */
    char *shared_files, *tenant_files;
    char *own_tenant;  /* the up sections of the server's own files, which come before the others */
    char *ledger_rows; /* of a new tenant, as one insert */
    char *accepted;    /* what apps_accept was given; files' lists of former checksums point here */
    struct AcceptedList *accepted_lists; /* one for each file of tenant */
} Apps;

/* directory "" is none.  NULL: every mistake was logged with file and line. */
MUST_CHECK Apps *apps_new(const char *directory);

/* Adds what an operator has accepted to the former checksums of tenants' files, before anybody asks
 * for them: lines app/name=checksum.  False: no memory. */
MUST_CHECK bool apps_accept(Apps *apps, const char *lines);
void apps_free(Apps *apps);

#endif
