/* The queue of calls: bounds, turns of the tenants, affinity, closing.  */
#include "harness/cases.h"

#include "server/serve/queue.h"

enum { NOW = 0 };

static Ticket *
pop(Queue *queue)
{
    bool closed;

    return queue_pop(queue, 0, NOW, &closed);
}

static void
test_queue_push__tenants_take_turns(void **state)
{
    Queue *queue = queue_new(100, 1000, 1);
    Ticket busy[5], quiet = {.tenant_hash = 2, .size = 1};

    (void) state;
    for (int i = 0; i < 5; i++) {
        busy[i] = (Ticket){.tenant_hash = 1, .size = 1};
        assert_true(queue_push(queue, &busy[i]));
    }
    assert_true(queue_push(queue, &quiet));

    assert_ptr_equal(pop(queue), &busy[0]);
    assert_ptr_equal(pop(queue), &quiet);
    for (int i = 1; i < 5; i++)
        assert_ptr_equal(pop(queue), &busy[i]);
    assert_null(pop(queue));
    queue_free(queue);
}

static void
test_queue_push__order_within_many_tenants(void **state)
{
    enum { TENANTS = 7, EACH = 9 };
    Queue *queue = queue_new(1000, 100000, 1);
    Ticket tickets[TENANTS][EACH];

    (void) state;
    for (uint64_t t = 0; t < TENANTS; t++)
        for (int i = 0; i < EACH; i++) {
            tickets[t][i] = (Ticket){.tenant_hash = t * 31, .size = 1};
            assert_true(queue_push(queue, &tickets[t][i]));
        }
    for (int i = 0; i < EACH; i++)
        for (int t = 0; t < TENANTS; t++)
            assert_ptr_equal(pop(queue), &tickets[t][i]);
    assert_null(pop(queue));
    queue_free(queue);
}

static void
test_queue_push__bounds(void **state)
{
    Queue *queue = queue_new(2, 100, 1);
    Ticket small[3] = {{.size = 1}, {.size = 1}, {.size = 1}}, large = {.size = 100};

    (void) state;
    assert_true(queue_push(queue, &small[0]));
    assert_false(queue_push(queue, &large)); /* bytes */
    assert_true(queue_push(queue, &small[1]));
    assert_false(queue_push(queue, &small[2])); /* calls */
    assert_ptr_equal(pop(queue), &small[0]);
    assert_ptr_equal(pop(queue), &small[1]);
    assert_true(queue_push(queue, &large)); /* what was taken is free again */
    assert_ptr_equal(pop(queue), &large);
    queue_free(queue);
}

static void
test_queue_close__serves_what_waits(void **state)
{
    Queue *queue = queue_new(2, 100, 1);
    Ticket first = {.size = 1}, late = {.size = 1};
    bool closed;

    (void) state;
    assert_true(queue_push(queue, &first));
    queue_close(queue);
    assert_false(queue_push(queue, &late));
    assert_ptr_equal(queue_pop(queue, 0, NOW, &closed), &first);
    assert_false(closed);
    assert_null(queue_pop(queue, 0, NOW, &closed));
    assert_true(closed);
    queue_free(queue);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_queue_push__tenants_take_turns),
        cmocka_unit_test(test_queue_push__order_within_many_tenants),
        cmocka_unit_test(test_queue_push__bounds),
        cmocka_unit_test(test_queue_close__serves_what_waits),
    };

    return run_cases(tests, NULL, NULL);
}
