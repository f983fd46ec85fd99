/* PostgreSQL's parser in the client, and whether our splitter cuts statements where it does.  With
 * CIQ_SQL_FOLDER the second is asked of all .sql files there; tests/cli/grammar gives it those of
 * PostgreSQL's own tests.  */
#include "harness/file.h"
#include "harness/harness.h"

#include "client/cli/grammar.h"
#include "server/migration/statement.h"

#include <glob.h>
#include <pg_query.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static void
test_grammar__says_what_and_where(void **state)
{
    char why[200];
    size_t offset = 99;

    (void) state;
    assert_true(grammar_takes("create table a (id bigint primary key)", why, sizeof why, &offset));
    assert_true(grammar_takes("", why, sizeof why, &offset));
    assert_false(grammar_takes("create tabel a (id bigint)", why, sizeof why, &offset));
    assert_int_equal(offset, 7);
    assert_non_null(strstr(why, "syntax error at or near \"tabel\" (PostgreSQL "));
    assert_false(grammar_takes("select 'a", why, sizeof why, &offset));
    assert_int_equal(offset, 7);
    assert_false(grammar_takes("selec", why, 10, &offset));
    assert_int_equal(strlen(why), 9);
}

/* How many statements PostgreSQL sees in a text; -1: it does not take it. */
static int
parsed(const char *text)
{
    PgQuerySplitResult result = pg_query_split_with_parser(text);
    int count = result.error == NULL ? result.n_stmts : -1;

    pg_query_free_split_result(result);
    return count;
}

/* A statement that begins or ends somewhere else for PostgreSQL: it is several; or it is none, but
 * is one with what follows. */
static bool
is_cut_wrongly(const char *text, const char *start, size_t size)
{
    enum { PIECES_MAX = 3 };
    char *piece = strndup(start, size);
    int count = parsed(piece);
    bool wrong = count > 1;
    const char *next = start + size, *end;

    for (int i = 0; count < 0 && !wrong && i < PIECES_MAX; i++) {
        const char *more;
        size_t more_size;

        end = statement_next(next, &more, &more_size);
        if (end == NULL)
            break;
        free(piece);
        piece = strndup(start, (size_t) (more + more_size - start));
        wrong = parsed(piece) == 1;
        next = more + more_size;
    }
    if (wrong)
        print_error("cut wrongly (at byte %zu): %.*s\n", (size_t) (start - text), (int) size,
                    start);
    free(piece);
    return wrong;
}

static size_t
count_wrong_cuts(const char *text, size_t *statements)
{
    const char *start, *at = text;
    size_t size, wrong = 0;

    while ((at = statement_next(at, &start, &size)) != NULL) {
        ++*statements;
        wrong += is_cut_wrongly(text, start, size);
    }
    return wrong;
}

static void
test_grammar__statements_end_alike(void **state)
{
    static const char text[] =
        "select 1;;\n-- a comment; with a semicolon\nselect /* ; /* ; */ ; */ 2;\n"
        "create function f(a int) returns int language plpgsql as $$ begin return a; end $$;\n"
        "create function g() returns int begin atomic select 1; select case when true then 2 end; end;\n"
        "create procedure p() language sql begin atomic insert into t values (';'); end;\n"
        "create rule r as on insert to t do also (insert into u values (1); delete from v);\n"
        "insert into t values ('it''s; so', E'\\';', U&'\\003b;' uescape '!', $a$;$b$;$a$, B'01');\n"
        "select \"begin;\" as \"end;\" from t where a = 'x'\n  ';y';\n"
        "do $do$ begin execute 'select 1; select 2'; end $do$;\n"
        "create table begin_ (atomic int, \"begin\" int check (atomic > 0));\n"
        "select a.begin, b.end from a, b;\nselect case when 1 = 1 then 'begin' else 'end;' end";
    static const char rule[] = "create rule r as on insert to t do also (select 1; select 2)";
    size_t statements = 0;

    (void) state;
    assert_int_equal(count_wrong_cuts(text, &statements), 0);
    assert_int_equal(statements, 12);
    /* what it can find */
    assert_true(is_cut_wrongly("select 1; select 2", "select 1; select 2", 18));
    assert_true(is_cut_wrongly(rule, rule, strcspn(rule, ";")));
}

/* Without psql's own: its commands, and the data of copy … from stdin. */
static void
take_out_psql(char *text)
{
    char *to = text;
    bool is_data = false;

    for (char *line = text; *line != '\0';) {
        size_t size = strcspn(line, "\n"), whole = size + (line[size] == '\n');
        bool ends_data = size == 2 && memcmp(line, "\\.", 2) == 0, is_command = line[0] == '\\';
        char *copy = strndup(line, size);

        if (!is_data && !is_command) {
            memmove(to, line, whole);
            to += whole;
            is_data = strncasecmp(copy, "copy", 4) == 0 && strcasestr(copy, "from stdin") != NULL &&
                      strchr(copy, ';') != NULL;
        } else if (ends_data) {
            is_data = false;
        }
        free(copy);
        line += whole;
    }
    *to = '\0';
}

static void
test_grammar__files_of_a_folder(void **state)
{
    const char *folder = getenv("CIQ_SQL_FOLDER");
    size_t statements = 0, wrong = 0;
    char pattern[1024];
    glob_t files;

    (void) state;
    if (folder == NULL)
        skip();
    snprintf(pattern, sizeof pattern, "%s/*.sql", folder);
    assert_int_equal(glob(pattern, 0, NULL, &files), 0);
    for (size_t i = 0; i < files.gl_pathc; i++) {
        size_t size, before = wrong;
        char *text = file_read(files.gl_pathv[i], &size);

        take_out_psql(text);
        wrong += count_wrong_cuts(text, &statements);
        if (wrong > before)
            print_error("in %s\n", files.gl_pathv[i]);
        free(text);
    }
    print_message("%zu files, %zu statements, %zu cut wrongly\n", files.gl_pathc, statements,
                  wrong);
    globfree(&files);
    assert_int_equal(wrong, 0);
    assert_true(statements > 10000);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_grammar__says_what_and_where),
        cmocka_unit_test(test_grammar__statements_end_alike),
        cmocka_unit_test(test_grammar__files_of_a_folder),
    };

    return run_cases(tests, NULL, NULL);
}
