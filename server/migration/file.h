/* One migration file as text: its sections and headers, the checks that a set of files must pass,
 * and the order in which they apply.  Used at build time by tools/embed_sql for the files of sql/,
 * at start by apps.c for those of --apps, and by ciq-client's lint, so that all mean the same.
 * Knows no database and no Call.
 *
 * A file is <app>/<number>_<word>.sql:
 *
 *     -- depends: users/0002      another migration that comes first; may be repeated
 *     -- no-transaction           the statements run one by one, outside a transaction
 *     -- migrate:up               the statements that apply it
 *     -- migrate:down             the statements that undo it; nothing here: it cannot be undone */
#ifndef CIQ_SERVER_MIGRATION_H
#define CIQ_SERVER_MIGRATION_H

#include "base/compiler.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    MIGRATION_NAME_MAX =
        100,                /* of the file without .sql: what a ledger's row and a line can hold */
    MIGRATION_APP_MAX = 48, /* as a schema's name */
    MIGRATION_DEPENDS_MAX = 16, /* nobody needs more */
    MIGRATION_FILES_MAX = 4096, /* in one set; the checks are quadratic */
    MIGRATION_FORMER_MAX = 3
};

typedef struct MigrationFile {
    const char *app;             /* "users" */
    const char *name;            /* "0001_initial" */
    const char *file;            /* "sql/tenant/users/0001_initial.sql" */
    const char *up, *down;       /* the sections; a down without a statement is "" */
    const char *const *depends;  /* "users/0002" …, ended by NULL */
    const char *checksum;        /* of its statements (migration/checksum.h) */
    const char *const *former;   /* checksums that ledgers may have instead, ended by NULL */
    uint32_t number;             /* 1 */
    uint32_t up_line, down_line; /* of the file, where the sections' text starts */
    bool no_transaction;
} MigrationFile;

/* Is told of each mistake: the file as it was given, the line, and what is wrong. */
typedef void (*MigrationMistake)(void *argument, const char *file, size_t line, const char *text);

typedef struct MigrationSet {
    MigrationFile *files; /* in the order in which they apply, after migration_set_order */
    size_t count;
    size_t borrowed; /* the first ones are constant data of somebody else's */
    bool partial;    /* files may depend on migrations that are not in this set */
    unsigned mistakes;
    MigrationMistake mistake;
    void *argument;
} MigrationSet;

/* An empty set that begins with count constant files, which are in order already.  Gives false
 * without memory. */
MUST_CHECK bool migration_set_init(MigrationSet *set, const MigrationFile *files, size_t count,
                                   MigrationMistake mistake, void *argument);
void migration_set_free(MigrationSet *set);

/* Adds one file: its app, its name with .sql, how it is called in messages, its text (size bytes
 * and a NUL). Mistakes are reported and counted.  Lines may end with CR LF, which is read as LF.
 * Gives false without memory. */
MUST_CHECK bool migration_set_add(MigrationSet *set, const char *app, const char *name,
                                  const char *file, const char *text, size_t size);

/* Checks numbers and dependencies, and sorts so that every migration stands after those it depends
 * on, after its app's earlier ones, and after app core.  False: there were mistakes, now or before.
 */
MUST_CHECK bool migration_set_order(MigrationSet *set);

/* Reports and counts a mistake in a file. */
void migration_mistake(MigrationSet *set, const char *file, size_t line, const char *format, ...)
    PRINTF_LIKE(4, 5);

/* The newest number of an app; 0: the set has none of it. */
uint32_t migration_newest_number(const MigrationSet *set, const char *app);

/* Whether a ledger's checksum is this file's, or a former one. */
bool migration_fits(const MigrationFile *file, const char *checksum);

/* Whether later depends on earlier, by a header, by its number, or because earlier is core's. */
bool migration_depends(const MigrationFile *later, const MigrationFile *earlier);

#endif
