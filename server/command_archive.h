/* ciq-server export and ciq-server import.  Each returns the exit status: 0, 1 (it failed), 2
 * (usage). */
#ifndef CIQ_SERVER_COMMAND_ARCHIVE_H
#define CIQ_SERVER_COMMAND_ARCHIVE_H

/* export --schema-name NAME [--output FILE]: writes one tenant to an archive; without FILE, to
 * standard output. */
int command_export(int argc, char **argv);

/* import [--input FILE] [--check] [--schema-name NAME] [--name NAME] [--domain HOST …]: creates a
 * tenant from an archive; without FILE, from standard input.  --check only verifies the archive. */
int command_import(int argc, char **argv);

#endif
