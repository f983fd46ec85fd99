/* Turns the .sql files into C: statements with numbered parameters, scripts, and migrations in the
 * order in which they apply.  Runs at build time: embed_sql <sql directory> <output directory>;
 * writes db/queries and migration/embedded there (server/db/query.h and server/migration/file.h say
 * what is in them), and names every mistake by file and line.
 */
#include "write.h"

#include <sodium.h>

/* The program ends as soon as it has written, and frees nothing. */
const char *__asan_default_options(void);
const char *
__asan_default_options(void)
{
    return "detect_leaks=0";
}

int
main(int argc, char **argv)
{
    Files part = {0}, query = {0}, rpc = {0}, script = {0}, shared = {0}, tenant = {0};
    Parts parts = {0};
    Statements statements = {0};

    if (argc != 3) {
        fputs("usage: embed_sql SQL_DIRECTORY OUTPUT_DIRECTORY\n", stderr);
        return 2;
    }
    if (sodium_init() < 0)
        return 1;
    files_read(&part, argv[1], "part");
    files_read(&query, argv[1], "query");
    files_read(&rpc, argv[1], "rpc");
    files_read(&script, argv[1], "script");
    files_read(&shared, argv[1], "shared");
    files_read(&tenant, argv[1], "tenant");

    parts_add(&parts, &part);
    statements_add(&statements, &query, "", &parts);
    statements_add(&statements, &rpc, "rpc_", &parts);
    parts_check_used(&parts);
    statements_check_names(&statements);
    statements_check_fit(&statements);
    write_queries(argv[2], &statements, &script);
    write_migrations(argv[1], argv[2], &shared, &tenant);
    return mistakes_count() == 0 ? 0 : 1;
}
