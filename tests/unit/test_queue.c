/* The queue of calls: turns of tenants, addresses and connections, the bound of what one tenant
 * runs, room where it is full, and closing.  */
#include "harness/cases.h"

#include "server/serve/queue.h"

#include <stdlib.h>

enum { NOW = 0 };

static Queue *
queue_for(size_t calls_max, size_t bytes_max, size_t workers, size_t running_max)
{
    Queue *queue =
        queue_new(&(SharesSize){calls_max, bytes_max, workers, running_max, .crowd_ms = 0});

    assert_non_null(queue);
    return queue;
}

static Ticket *
pop_as(Queue *queue, size_t worker)
{
    bool closed;

    return queue_pop(queue, worker, NOW, &closed);
}

static Ticket *
pop(Queue *queue)
{
    return pop_as(queue, 0);
}

/* A caller that memory knows, on a connection of this number. */
static Ticket
ticket_of(int64_t tenant, uint64_t connection)
{
    return (Ticket){.share = {.tenant = tenant, .is_known = true, .connection = connection},
                    .size = 1};
}

static void
push(Queue *queue, Ticket *ticket)
{
    assert_null(queue_push(queue, ticket));
}

/* Pushes so many of one kind; those for which there is no room stay outside.  Gives how many do. */
static size_t
flood(Queue *queue, Ticket *tickets, size_t count, Ticket kind)
{
    size_t refused = 0;

    for (size_t i = 0; i < count; i++) {
        tickets[i] = kind;
        for (Ticket *gone = queue_push(queue, &tickets[i]); gone != NULL; gone = gone->next)
            refused++;
    }
    return refused;
}

static void
test_queue_push__tenants_take_turns(void **state)
{
    Queue *queue = queue_for(100, 1000, 1, 1);
    Ticket busy[5], quiet = ticket_of(2, 1);

    (void) state;
    for (int i = 0; i < 5; i++) {
        busy[i] = ticket_of(1, 1);
        push(queue, &busy[i]);
    }
    push(queue, &quiet);

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
    Queue *queue = queue_for(1000, 100000, 1, 1);
    Ticket tickets[TENANTS][EACH];

    (void) state;
    for (int t = 0; t < TENANTS; t++)
        for (int i = 0; i < EACH; i++) {
            tickets[t][i] = ticket_of(t * 1024, 1);
            push(queue, &tickets[t][i]);
        }
    for (int i = 0; i < EACH; i++)
        for (int t = 0; t < TENANTS; t++)
            assert_ptr_equal(pop(queue), &tickets[t][i]);
    assert_null(pop(queue));
    queue_free(queue);
}

/* Inside one tenant addresses take turns, however many connections each has, and connections do. */
static void
test_queue_push__peers_take_turns(void **state)
{
    Queue *queue = queue_for(100, 1000, 1, 1);
    Ticket many[4], lone = ticket_of(1, 9), same[2];

    (void) state;
    for (uint64_t i = 0; i < 4; i++) {
        many[i] = ticket_of(1, i);
        push(queue, &many[i]);
    }
    lone.share.address = 7;
    push(queue, &lone);
    for (int i = 0; i < 2; i++) {
        same[i] = ticket_of(1, 0);
        push(queue, &same[i]);
    }

    assert_ptr_equal(pop(queue), &many[0]);
    assert_ptr_equal(pop(queue), &lone);
    for (int i = 1; i < 4; i++)
        assert_ptr_equal(pop(queue), &many[i]);
    assert_ptr_equal(pop(queue), &same[0]);
    assert_ptr_equal(pop(queue), &same[1]);
    queue_free(queue);
}

/* Names that strangers invent, and tokens that memory does not know, get half of the turns. */
static void
test_queue_push__known_callers_beside_strangers(void **state)
{
    enum { STRANGERS = 40 };
    Queue *queue = queue_for(100, 1000, 1, 1);
    Ticket strangers[STRANGERS], known[3];

    (void) state;
    for (int i = 0; i < STRANGERS; i++) {
        strangers[i] = ticket_of(i, 1);
        strangers[i].share.is_known = false;
        push(queue, &strangers[i]);
    }
    for (int i = 0; i < 3; i++) {
        known[i] = ticket_of(5, 1);
        push(queue, &known[i]);
    }
    for (int i = 0; i < 3; i++) {
        assert_ptr_equal(pop(queue), &strangers[i]);
        assert_ptr_equal(pop(queue), &known[i]);
    }
    queue_free(queue);
}

/* One tenant's calls hold two of four workers; the others stay for whoever comes. */
static void
test_queue_pop__bound_of_one_tenant(void **state)
{
    Queue *queue = queue_for(100, 1000, 4, 2);
    Ticket slow[5], other = ticket_of(2, 1), late = ticket_of(1, 1);

    (void) state;
    flood(queue, slow, 5, ticket_of(1, 1));
    assert_ptr_equal(pop_as(queue, 0), &slow[0]);
    assert_ptr_equal(pop_as(queue, 1), &slow[1]);
    assert_null(pop_as(queue, 2));
    push(queue, &other);
    assert_ptr_equal(pop_as(queue, 2), &other);
    assert_null(pop_as(queue, 3));
    push(queue, &late); /* waits though a worker is free */
    assert_null(pop_as(queue, 3));

    assert_ptr_equal(pop_as(queue, 1), &slow[2]); /* its call before has ended */
    queue_free(queue);
}

/* While users of other tenants call too, one tenant's calls hold half as many workers. */
static void
test_queue_pop__bound_in_a_crowd(void **state)
{
    enum { HOUR_MS = 3600 * 1000 };
    Queue *queue = queue_new(&(SharesSize){100, 1000, 8, 4, .crowd_ms = HOUR_MS});
    Ticket slow[5], other = ticket_of(2, 1), stranger = ticket_of(3, 1);

    (void) state;
    assert_non_null(queue);
    stranger.share.is_known = false;
    push(queue, &stranger);
    assert_ptr_equal(pop_as(queue, 7), &stranger); /* whoever is not known makes no crowd */
    flood(queue, slow, 5, ticket_of(1, 1));
    for (size_t i = 0; i < 3; i++)
        assert_ptr_equal(pop_as(queue, i), &slow[i]);
    push(queue, &other);
    assert_ptr_equal(pop_as(queue, 3), &other);
    assert_null(pop_as(queue, 2)); /* two are still running */
    assert_ptr_equal(pop_as(queue, 1), &slow[3]);
    queue_free(queue);
}

/* All names that memory does not know hold a quarter of what one tenant's calls may. */
static void
test_queue_pop__bound_of_strangers(void **state)
{
    Queue *queue = queue_for(100, 1000, 8, 4);
    Ticket names[3];

    (void) state;
    for (int i = 0; i < 3; i++) {
        names[i] = ticket_of(SHARE_STRANGERS, (uint64_t) i);
        names[i].share.is_known = false;
        push(queue, &names[i]);
    }
    assert_ptr_equal(pop_as(queue, 0), &names[0]);
    assert_null(pop_as(queue, 1));
    assert_ptr_equal(pop_as(queue, 0), &names[1]);
    queue_free(queue);
}

/* Who has fewer running calls is first: slow calls count by the workers that they hold. */
static void
test_queue_pop__fewest_running_first(void **state)
{
    Queue *queue = queue_for(100, 1000, 4, 3);
    Ticket slow[5], quick[3];

    (void) state;
    flood(queue, slow, 5, ticket_of(1, 1));
    assert_ptr_equal(pop_as(queue, 0), &slow[0]);
    assert_ptr_equal(pop_as(queue, 1), &slow[1]);
    flood(queue, quick, 3, ticket_of(2, 1));
    for (int i = 0; i < 3; i++)
        assert_ptr_equal(pop_as(queue, 2), &quick[i]);
    assert_ptr_equal(pop_as(queue, 2), &slow[2]);
    queue_free(queue);
}

static void
test_queue_push__bounds(void **state)
{
    Queue *queue = queue_for(2, 100, 1, 1);
    Ticket small[3] = {ticket_of(1, 1), ticket_of(1, 1), ticket_of(1, 1)}, large = ticket_of(1, 1);

    (void) state;
    large.size = 100;
    push(queue, &small[0]);
    assert_ptr_equal(queue_push(queue, &large), &large); /* bytes */
    push(queue, &small[1]);
    assert_ptr_equal(queue_push(queue, &small[2]), &small[2]); /* calls */
    assert_ptr_equal(pop(queue), &small[0]);
    assert_ptr_equal(pop(queue), &small[1]);
    push(queue, &large); /* what was taken is free again */
    assert_ptr_equal(pop(queue), &large);
    queue_free(queue);
}

/* A flood may use all the room, and gives it back, newest first, to whoever has less. */
static void
test_queue_push__flood_gives_way(void **state)
{
    enum { ROOM = 16, FLOOD = 40 };
    Queue *queue = queue_for(ROOM, 1000, 1, 1);
    Ticket busy[FLOOD], other[ROOM];

    (void) state;
    assert_int_equal(flood(queue, busy, FLOOD, ticket_of(1, 1)), FLOOD - ROOM);
    for (int i = 0; i < ROOM / 2; i++) {
        other[i] = ticket_of(2, 1);
        assert_ptr_equal(queue_push(queue, &other[i]), &busy[ROOM - 1 - i]);
    }
    /* an equal share is all that it gets */
    other[ROOM / 2] = ticket_of(2, 1);
    assert_ptr_equal(queue_push(queue, &other[ROOM / 2]), &other[ROOM / 2]);
    assert_ptr_equal(pop(queue), &busy[0]);
    assert_ptr_equal(pop(queue), &other[0]);
    queue_free(queue);
}

/* The same inside one tenant, between addresses and between connections. */
static void
test_queue_push__flooding_peer_gives_way(void **state)
{
    enum { ROOM = 16 };
    Queue *queue = queue_for(ROOM, 1000, 1, 1);
    Ticket busy[ROOM], neighbour = ticket_of(1, 2), stranger = ticket_of(1, 3);

    (void) state;
    assert_int_equal(flood(queue, busy, ROOM, ticket_of(1, 1)), 0);
    assert_ptr_equal(queue_push(queue, &neighbour), &busy[ROOM - 1]);
    stranger.share.address = 7;
    assert_ptr_equal(queue_push(queue, &stranger), &busy[ROOM - 2]);
    queue_free(queue);
}

/* As many names of tenants as there is room: a caller that memory knows is taken all the same. */
static void
test_queue_push__many_names_give_way(void **state)
{
    enum { ROOM = 16 };
    Queue *queue = queue_for(ROOM, 1000, 1, 1);
    Ticket strangers[ROOM], known = ticket_of(1, 1), *gone;

    (void) state;
    for (int i = 0; i < ROOM; i++) {
        strangers[i] = ticket_of(i, 1);
        strangers[i].share.is_known = false;
        push(queue, &strangers[i]);
    }
    gone = queue_push(queue, &known);
    assert_non_null(gone);
    assert_false(gone->share.is_known);
    assert_null(gone->next);
    queue_free(queue);
}

/* A large call takes the room of as many small ones as have too much. */
static void
test_queue_push__bytes_give_way(void **state)
{
    Queue *queue = queue_for(100, 100, 1, 1);
    Ticket busy[10], large = ticket_of(2, 1);
    Ticket kind = ticket_of(1, 1);
    int gone = 0;

    (void) state;
    kind.size = 10;
    assert_int_equal(flood(queue, busy, 10, kind), 0);
    large.size = 35;
    for (Ticket *ticket = queue_push(queue, &large); ticket != NULL; ticket = ticket->next, gone++)
        assert_int_equal(ticket->share.tenant, 1);
    assert_int_equal(gone, 4);
    queue_free(queue);
}

/* Whatever comes and goes in whatever order: all that went in comes out once, and nothing is left
 * over that would fill the store. */
static void
test_queue_push__random(void **state)
{
    enum { ROOM = 32, WORKERS = 4, TICKETS = 64, ROUNDS = 200000 };
    static Ticket tickets[TICKETS];
    Queue *queue = queue_for(ROOM, 200, WORKERS, 2);
    bool is_in[TICKETS] = {false};
    size_t waiting = 0;
    unsigned seed = 1;

    (void) state;
    for (int i = 0; i < ROUNDS; i++) {
        int n = rand_r(&seed) % TICKETS;

        if (is_in[n] || rand_r(&seed) % 3 == 0) {
            Ticket *ticket = pop_as(queue, (size_t) rand_r(&seed) % WORKERS);

            if (ticket == NULL)
                continue;
            assert_true(is_in[ticket - tickets]);
            is_in[ticket - tickets] = false;
            waiting--;
            continue;
        }
        tickets[n] = ticket_of(rand_r(&seed) % 5, (uint64_t) rand_r(&seed) % 3);
        tickets[n].share.is_known = rand_r(&seed) % 2;
        tickets[n].share.address = (uint64_t) rand_r(&seed) % 2;
        tickets[n].size = (size_t) rand_r(&seed) % 20;
        is_in[n] = true;
        waiting++;
        for (Ticket *gone = queue_push(queue, &tickets[n]); gone != NULL; gone = gone->next) {
            assert_true(is_in[gone - tickets]);
            is_in[gone - tickets] = false;
            waiting--;
        }
        assert_true(waiting <= ROOM);
    }
    for (size_t worker = 0; waiting > 0; worker = (worker + 1) % WORKERS)
        waiting -= pop_as(queue, worker) != NULL;
    queue_free(queue);
}

static void
test_queue_close__serves_what_waits(void **state)
{
    Queue *queue = queue_for(2, 100, 1, 1);
    Ticket first = ticket_of(1, 1), late = ticket_of(1, 1);
    bool closed;

    (void) state;
    push(queue, &first);
    queue_close(queue);
    assert_ptr_equal(queue_push(queue, &late), &late);
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
        cmocka_unit_test(test_queue_push__peers_take_turns),
        cmocka_unit_test(test_queue_push__known_callers_beside_strangers),
        cmocka_unit_test(test_queue_pop__bound_of_one_tenant),
        cmocka_unit_test(test_queue_pop__bound_in_a_crowd),
        cmocka_unit_test(test_queue_pop__bound_of_strangers),
        cmocka_unit_test(test_queue_pop__fewest_running_first),
        cmocka_unit_test(test_queue_push__bounds),
        cmocka_unit_test(test_queue_push__flood_gives_way),
        cmocka_unit_test(test_queue_push__flooding_peer_gives_way),
        cmocka_unit_test(test_queue_push__many_names_give_way),
        cmocka_unit_test(test_queue_push__bytes_give_way),
        cmocka_unit_test(test_queue_push__random),
        cmocka_unit_test(test_queue_close__serves_what_waits),
    };

    return run_cases(tests, NULL, NULL);
}
