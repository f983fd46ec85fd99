/* ciq-server export and ciq-server import.  Each returns the exit status: 0, 1 (it failed), 2
 * (usage). */
#ifndef CIQ_SERVER_COMMAND_ARCHIVE_H
#define CIQ_SERVER_COMMAND_ARCHIVE_H

/* export --schema-name NAME [--output FILE]: one tenant into an archive, to standard output without
 * a file. */
int command_export(int argc, char **argv);

/* import [--input FILE] [--check] [--schema-name NAME] [--name NAME] [--domain HOST …]: a tenant
 * out of an archive, from standard input without a file; --check only proves it. */
int command_import(int argc, char **argv);

#endif
