/* The kinds of change and what servers tell each other of them.  */
#include "harness/cases.h"

#include "server/call/changes.h"

#include <stdbool.h>
#include <string.h>

typedef struct Kind {
    ChangeKind kind;
    const char *name;
    char letter;
} Kind;

static const Kind kinds[] = {
#define CHANGE(name, letter, what) {CHANGE_##name, #name, letter},
#include "call/changes.def"
#undef CHANGE
};

static void
test_change__no_two_share_a_letter(void **state)
{
    (void) state;
    for (size_t i = 0; i < CHANGE_KINDS; i++)
        for (size_t j = 0; j < i; j++)
            if (kinds[i].letter != 0 && kinds[i].letter == kinds[j].letter)
                fail_msg("%s and %s have the letter %c", kinds[j].name, kinds[i].name,
                         kinds[i].letter);
}

static void
test_change__is_the_same_on_the_other_side(void **state)
{
    static const int64_t tenants[] = {0, 1, 4711, INT64_MAX, INT64_MIN};

    (void) state;
    for (size_t i = 0; i < CHANGE_KINDS; i++)
        for (size_t j = 0; j < sizeof tenants / sizeof *tenants; j++) {
            char payload[CHANGE_PAYLOAD_SIZE];
            bool is_sent = change_encode((Change){kinds[i].kind, tenants[j]}, payload);

            assert_int_equal(is_sent, kinds[i].letter != 0);
            if (!is_sent)
                continue;

            Change change = change_decode(payload);

            assert_int_equal(change.kind, kinds[i].kind);
            assert_int_equal(change.tenant_id, tenants[j]);
        }
}

static void
test_change_decode__not_understood_is_anything(void **state)
{
    static const char *const payloads[] = {"", "t", "tx", "~7", "7"};

    (void) state;
    for (size_t i = 0; i < sizeof payloads / sizeof *payloads; i++) {
        Change change = change_decode(payloads[i]);

        assert_int_equal(change.kind, CHANGE_ALL);
        assert_int_equal(change.tenant_id, 0);
    }
}

static void
test_changes_add__once(void **state)
{
    Changes changes = {0};

    (void) state;
    for (int i = 0; i < 3; i++)
        for (int64_t id = 1; id <= CHANGES_MAX; id++)
            changes_add(&changes, CHANGE_TENANT, id);
    assert_int_equal(changes.count, CHANGES_MAX);
    for (int64_t id = 1; id <= CHANGES_MAX; id++)
        assert_int_equal(changes.list[id - 1].tenant_id, id);
}

static void
test_changes_add__too_many_are_anything(void **state)
{
    Changes changes = {0};
    bool is_anything = false;

    (void) state;
    for (int64_t id = 1; id <= 3 * CHANGES_MAX; id++)
        changes_add(&changes, CHANGE_TENANT, id);
    for (size_t i = 0; i < changes.count; i++)
        is_anything = is_anything || changes.list[i].kind == CHANGE_ALL;
    assert_true(is_anything);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_change__no_two_share_a_letter),
        cmocka_unit_test(test_change__is_the_same_on_the_other_side),
        cmocka_unit_test(test_change_decode__not_understood_is_anything),
        cmocka_unit_test(test_changes_add__once),
        cmocka_unit_test(test_changes_add__too_many_are_anything),
    };

    return run_cases(tests, NULL, NULL);
}
