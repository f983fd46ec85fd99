/* Turns the .sql files into C: statements with numbered parameters, scripts, and migrations in the
 * order in which they apply.  Runs at build time: embed_sql <sql directory> <output directory>;
 * writes queries.c and queries.h (see server/db/query.h) and names every mistake by file and line.
 */
#include "statement.h"
#include "write.h"

#include <sodium.h>
#include <string.h>

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
    static const char *const folders[] = {"query", "rpc", "script", "shared", "tenant"};

    if (argc != 3) {
        fputs("usage: embed_sql SQL_DIRECTORY OUTPUT_DIRECTORY\n", stderr);
        return 2;
    }
    if (sodium_init() < 0)
        return 1;
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        read_folder(argv[1], folders[i]);
    for (size_t i = 0; i < files_count; i++) {
        if (strncmp(files[i].path, "query/", 6) == 0)
            parse_statement(&files[i], "");
        else if (strncmp(files[i].path, "rpc/", 4) == 0)
            parse_statement(&files[i], "rpc_");
    }
    for (size_t i = 0; i < statements_count; i++)
        for (size_t j = 0; j < i; j++)
            if (strcmp(statements[i].name, statements[j].name) == 0)
                mistake(statements[i].file, 1, "%s is the name of another statement too",
                        statements[i].name);
    write_queries(argv[2]);
    return mistakes == 0 ? 0 : 1;
}
