/* Listing users: filters, orders, pages by key; also with a page from each of two servers.  Both
 * tenants hold users with the same addresses and numbers, so that a leak would show.  */
#include "harness/harness.h"

#include <stdlib.h>
#include <string.h>

/* Twelve users a00 … a11 in acme; techcorp has the same, with other names. */
static int
list_setup(void **state)
{
    pair_up(state, NULL);
    Pair *pair = *state;

    for (int t = 0; t < 2; t++)
        database_value(&pair->world->database,
                       "insert into %s.users_customuser (email, first_name, last_name, department, "
                       "is_admin, is_active, date_joined) "
                       "select format('A%%s@same.example', lpad(i::text, 2, '0')), 'Anna', "
                       "%s || case when i %% 3 = 0 then 'same/9' else chr(76 - i) || '/' || i end, "
                       "case when i %% 2 = 0 then 'Sales' else 'IT' end, i %% 4 = 0, i %% 5 <> 0, "
                       "'2020-01-01 00:00:00.000001Z'::timestamptz - (i / 2) * interval '1 day' "
                       "from generate_series(0, 11) i",
                       t == 0 ? "acme" : "techcorp", t == 0 ? "''" : "'Tech'");
    return 0;
}

static void
expect_count(CiqClient *client, const char *filter, const char *count)
{
    CiqError *error = NULL;
    json_t *page =
        call_json(client, "UserService/ListUsers", &error, "{\"search\": \"anna\"%s}", filter);

    assert_ok(error);
    if (strcmp(json_at(page, "users"), count) != 0)
        fail_msg("%s gives %s, not %s", filter, json_at(page, "users"), count);
    json_decref(page);
}

static void
test_list_users__filters(void **state)
{
    Pair *pair = *state;
    CiqClient *acme = pair->world->acme;

    expect_count(acme, "", "12");
    expect_count(acme, ", \"department\": \"sales\"", "6");
    expect_count(acme, ", \"department\": \"sale\"", "0");
    expect_count(acme, ", \"is_active\": \"yes\"", "9");
    expect_count(acme, ", \"is_active\": \"no\"", "3");
    expect_count(acme, ", \"is_admin\": \"yes\"", "3");
    expect_count(acme, ", \"is_admin\": \"no\", \"is_active\": \"CHOICE_YES\"", "7");
    expect_count(acme, ", \"is_admin\": \"yes\", \"is_active\": \"yes\", \"department\": \"SALES\"",
                 "2");
    expect_json(acme, "UserService/ListUsers", CODE_INVALID_ARGUMENT,
                "is_admin has no value with number 3", "{\"is_admin\": 3}");
    expect_json(acme, "UserService/ListUsers", CODE_INVALID_ARGUMENT,
                "order_by has no value with number -1", "{\"order_by\": -1}");
    expect_json(acme, "UserService/ListUsers", CODE_INVALID_ARGUMENT,
                "search must be 1 to 100 characters", "{\"search\": \"%0101d\"}", 0);
    expect_json(acme, "UserService/ListUsers", CODE_INVALID_ARGUMENT,
                "department must be 1 to 100 characters", "{\"department\": \"%0101d\"}", 0);
}

/* Every user once, each page from the other server, in the order that PostgreSQL gives when asked
 * at once. */
static void
expect_order(Pair *pair, CiqClient *there, const char *order, const char *sql)
{
    CiqClient *clients[] = {pair->world->acme, there};
    char token[600] = "", got[1024] = "", expected[1024];
    size_t size = 0;
    int pages = 0;

    do {
        CiqError *error = NULL;
        json_t *page = call_json(clients[pages % 2], "UserService/ListUsers", &error,
                                 "{\"search\": \"anna\", \"order_by\": \"%s\", \"page_size\": 5, "
                                 "\"page_token\": \"%s\"}",
                                 order, token);
        size_t i;
        json_t *user;

        assert_ok(error);
        json_array_foreach(json_object_get(page, "users"), i, user)
        {
            size += (size_t) snprintf(got + size, sizeof got - size, "%s ", json_at(user, "email"));
            assert_true(size < sizeof got);
            assert_string_equal(json_at(user, "preferences"), "");
        }
        snprintf(token, sizeof token, "%s", json_at(page, "next_page_token"));
        json_decref(page);
        pages++;
    } while (token[0] != '\0' && pages < 10);
    assert_int_equal(pages, 3);
    snprintf(expected, sizeof expected, "%s",
             database_value(
                 &pair->world->database,
                 "select string_agg(email, ' ' order by %s) || ' ' from acme.users_customuser "
                 "where first_name = 'Anna'",
                 sql));
    assert_string_equal(got, expected);
}

static void
test_list_users__orders(void **state)
{
    Pair *pair = *state;
    CiqClient *there = sign_in(&pair->other, "acme", world_email, world_password);

    expect_order(pair, there, "id", "id");
    expect_order(pair, there, "email", "lower(email)");
    expect_order(pair, there, "last-name", "lower(last_name), id");
    expect_order(pair, there, "date-joined", "date_joined, id");
    ciq_client_free(there);
}

static void
test_list_users__token_is_good_for_its_list_only(void **state)
{
    Pair *pair = *state;
    CiqError *error = NULL;
    json_t *page = call_json(pair->world->acme, "UserService/ListUsers", &error,
                             "{\"page_size\": 2, \"order_by\": \"email\"}");
    char token[600], other[600];

    assert_ok(error);
    snprintf(token, sizeof token, "%s", json_at(page, "next_page_token"));
    json_decref(page);
    assert_true(token[0] != '\0');

    /* another order, another filter, another tenant, another list */
    const char *format = "{\"page_token\": \"%s\", \"order_by\": \"%s\"%s}";

    expect_json(pair->world->acme, "UserService/ListUsers", CODE_OK, NULL, format, token, "email",
                "");
    expect_json(pair->world->acme, "UserService/ListUsers", CODE_INVALID_ARGUMENT, "page_token",
                format, token, "id", "");
    expect_json(pair->world->acme, "UserService/ListUsers", CODE_INVALID_ARGUMENT, "page_token",
                format, token, "email", ", \"is_active\": \"yes\"");
    expect_json(pair->world->techcorp, "UserService/ListUsers", CODE_INVALID_ARGUMENT, "page_token",
                format, token, "email", "");
    expect_json(pair->world->acme, "UserService/ListGroups", CODE_INVALID_ARGUMENT, "page_token",
                "{\"page_token\": \"%s\"}", token);
    /* every character of it counts */
    for (size_t i = 0; token[i] != '\0'; i++) {
        snprintf(other, sizeof other, "%s", token);
        other[i] = other[i] == 'A' ? 'E' : 'A';
        expect_json(pair->world->acme, "UserService/ListUsers", CODE_INVALID_ARGUMENT, "page_token",
                    format, other, "email", "");
    }
    expect_json(pair->world->acme, "UserService/ListUsers", CODE_INVALID_ARGUMENT, "page_token",
                format, "no token", "email", "");
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_list_users__filters),
        cmocka_unit_test(test_list_users__orders),
        cmocka_unit_test(test_list_users__token_is_good_for_its_list_only),
    };

    return run_cases(tests, list_setup, pair_teardown);
}
