/* Page tokens: good for the list that gave them, and for nothing else.  */
#include "harness/cases.h"

#include "server/call/auth.h"
#include "server/call/core.h"
#include "server/call/page.h"

#include <rpc/handlers.h>
#include <string.h>

static Core installation = {.installation = {.key = {1}}};
static Core other_installation = {.installation = {.key = {2}}};

static int
call_setup(void **state)
{
    static Call call;

    call = (Call){.core = &installation,
                  .arena = arena_new(LIMIT_ARENA),
                  .method = method_find("clientiq.v1.UserService/ListUsers"),
                  .tenant = {.id = 5}};
    *state = &call;
    return call.arena == NULL || call.method == NULL ? -1 : 0;
}

static int
call_teardown(void **state)
{
    Call *call = *state;

    arena_free(call->arena);
    return 0;
}

static ListUsersRequest
request_of(const char *search, const char *token)
{
    ListUsersRequest request = CLIENTIQ__V1__LIST_USERS_REQUEST__INIT;

    request.search = (char *) (uintptr_t) search;
    request.page_token = (char *) (uintptr_t) token;
    return request;
}

static void
assert_refused(Call *call, const ListUsersRequest *request)
{
    const char *page_key_text = "untouched";

    assert_false(page_key(call, &request->base, &page_key_text));
    assert_string_equal(page_key_text, "untouched");
    assert_int_equal(call->failure.code, CODE_INVALID_ARGUMENT);
    assert_non_null(strstr(call->failure.text, "page_token is not one that this list has given"));
    call_forget_failure(call);
}

static void
test_page_key__of_the_first_page(void **state)
{
    ListUsersRequest request = request_of("ann", "");
    const char *key = "something";

    assert_true(page_key(*state, &request.base, &key));
    assert_null(key);
}

static void
test_page_token__goes_on(void **state)
{
    Call *call = *state;
    ListUsersRequest first = request_of("ann", "");
    char *token = page_token(call, &first.base, "ann@acme.com");
    const char *key;

    assert_non_null(token);

    ListUsersRequest next = request_of("ann", token);

    next.page_size = 7; /* may differ */
    assert_true(page_key(call, &next.base, &key));
    assert_string_equal(key, "ann@acme.com");
    /* the page after that one has a token of the same kind */
    token = page_token(call, &next.base, "bob@acme.com");
    assert_non_null(token);
    next.page_token = token;
    assert_true(page_key(call, &next.base, &key));
    assert_string_equal(key, "bob@acme.com");
}

static void
test_page_key__of_another_list(void **state)
{
    Call *call = *state;
    ListUsersRequest first = request_of("ann", "");
    char *token = page_token(call, &first.base, "ann@acme.com");

    assert_non_null(token);

    ListUsersRequest next = request_of("ann", token), other = request_of("bob", token);

    assert_refused(call, &other);
    call->core = &other_installation;
    assert_refused(call, &next);
    call->core = &installation;
    call->tenant.id = 6;
    assert_refused(call, &next);
    call->tenant.id = 5;
    call->method = method_find("clientiq.v1.UserService/ListGroups");
    assert_non_null(call->method);
    assert_refused(call, &next);
}

static void
test_page_key__of_nobody(void **state)
{
    static const char *const tokens[] = {"x", "AAAA", "AAAAAAAAAAAAAAAAAAAAAA", "=", "\xc3\xa4"};
    Call *call = *state;
    ListUsersRequest first = request_of("ann", "");
    char *token = page_token(call, &first.base, "ann@acme.com"), longer[500];

    assert_non_null(token);
    for (size_t i = 0; i < sizeof tokens / sizeof *tokens; i++) {
        ListUsersRequest next = request_of("ann", tokens[i]);

        assert_refused(call, &next);
    }
    /* each character counts, and so does the length */
    for (size_t i = 0; token[i] != '\0'; i++) {
        ListUsersRequest next = request_of("ann", token);
        char was = token[i];

        token[i] = was == 'A' ? 'Q' : 'A';
        assert_refused(call, &next);
        token[i] = was;
    }
    memset(longer, 'A', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';

    ListUsersRequest next = request_of("ann", longer);

    assert_refused(call, &next);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_page_key__of_the_first_page, call_setup,
                                        call_teardown),
        cmocka_unit_test_setup_teardown(test_page_token__goes_on, call_setup, call_teardown),
        cmocka_unit_test_setup_teardown(test_page_key__of_another_list, call_setup, call_teardown),
        cmocka_unit_test_setup_teardown(test_page_key__of_nobody, call_setup, call_teardown),
    };

    return auth_init() ? run_cases(tests, NULL, NULL) : 1;
}
