/* Where statements end: what looks like an end and is none, as PostgreSQL and psql read it.  */
#include "harness/harness.h"

#include "server/migration/statement.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    const char *text;
    const char *statements[5]; /* ended by NULL */
} samples[] = {
    {"select 1; select 2", {"select 1", "select 2"}},
    {" ;; -- nothing; here\n/* nor ; /* here; */ */ ", {0}},
    {"select ';', 'it''s; ', \"a;\"\"b\"; select 2",
     {"select ';', 'it''s; ', \"a;\"\"b\"", "select 2"}},
    /* a backslash counts in an E string only, and in its next lines */
    {"select 'a\\'; select 2", {"select 'a\\'", "select 2"}},
    {"select E'a\\'; select 2'; select 3", {"select E'a\\'; select 2'", "select 3"}},
    {"select e'a'\n  '\\'; b'; select 3", {"select e'a'\n  '\\'; b'", "select 3"}},
    {"select date'2026-01-01\\'; select 2", {"select date'2026-01-01\\'", "select 2"}},
    {"select U&'\\0041'; select 2", {"select U&'\\0041'", "select 2"}},
    /* dollars */
    {"select $$;$$, $a$;$$;$a$; select 2", {"select $$;$$, $a$;$$;$a$", "select 2"}},
    {"select a$$ from t; select b$$", {"select a$$ from t", "select b$$"}},
    {"select $1; select $2", {"select $1", "select $2"}},
    {"select $\xC3\xA4$;$\xC3\xA4$; select 2", {"select $\xC3\xA4$;$\xC3\xA4$", "select 2"}},
    /* parentheses: a rule with several actions */
    {"create rule r as on insert to t do also (select 1; select 2); select 3",
     {"create rule r as on insert to t do also (select 1; select 2)", "select 3"}},
    {"select 1); select 2", {"select 1)", "select 2"}},
    /* bodies of SQL's standard */
    {"create function f() returns int language sql begin atomic select 1; select 2; end; select 3",
     {"create function f() returns int language sql begin atomic select 1; select 2; end",
      "select 3"}},
    {"create or replace procedure p() begin atomic select case when true then 1 end; end; select 3",
     {"create or replace procedure p() begin atomic select case when true then 1 end; end",
      "select 3"}},
    {"create function \"begin\"() returns int return 1; select 2",
     {"create function \"begin\"() returns int return 1", "select 2"}},
    {"create table f (begin int); select 1", {"create table f (begin int)", "select 1"}},
    {"begin; select 1; end", {"begin", "select 1", "end"}},
    /* comments */
    {"select 1 -- a; b\r+ 1; select 2", {"select 1 -- a; b\r+ 1", "select 2"}},
    {"select 1--;\n; select 2", {"select 1--;\n", "select 2"}},
    {"select 4 /* ; */ * 2; select 2", {"select 4 /* ; */ * 2", "select 2"}},
};

static void
test_statement__samples(void **state)
{
    (void) state;
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        const char *at = samples[i].text, *start;
        size_t size, count = 0;

        while ((at = statement_next(at, &start, &size)) != NULL) {
            const char *wanted = samples[i].statements[count++];

            if (wanted == NULL || strlen(wanted) != size || memcmp(wanted, start, size) != 0)
                fail_msg("%s\nhas as statement %zu: %.*s", samples[i].text, count, (int) size,
                         start);
        }
        assert_null(samples[i].statements[count]);
    }
}

/* Whatever stands there, it is read to its end and not beyond. */
static void
test_statement__cut_anywhere(void **state)
{
    (void) state;
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++)
        for (size_t cut = 0; cut <= strlen(samples[i].text); cut++) {
            char *text = strndup(samples[i].text, cut);
            const char *at = text, *start;
            size_t size;

            while ((at = statement_next(at, &start, &size)) != NULL)
                assert_true(start >= text && start + size <= text + cut && at <= text + cut);
            free(text);
        }
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_statement__samples),
        cmocka_unit_test(test_statement__cut_anywhere),
    };

    return run_cases(tests, NULL, NULL);
}
