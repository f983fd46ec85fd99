/* Two servers on one database: what one changes, the other's memory stops answering within the
 * bound of the heartbeat; and what is not in order is never answered from memory.  */
#include "harness/harness.h"

#include <stdlib.h>
#include <string.h>

/* Memory answers only while the heartbeat is younger than this (server/access/cache.h). */
enum { BOUND_MS = 900 };

/* The other server's client with the same session, warm in its memory. */
static CiqClient *
warm_elsewhere(Pair *pair, const char *tenant, char token[128])
{
    CiqError *error = NULL;
    CiqLoginRequest request = CLIENTIQ__V1__LOGIN_REQUEST__INIT;
    CiqClient *here = client_new(&pair->world->server, tenant, NULL);

    request.email = TEXT(world_email);
    request.password = TEXT(world_password);
    CiqLoginResponse *response = ciq_login(here, &request, &error);
    assert_ok(error);
    snprintf(token, 128, "%s", response->token);
    ciq_login_response_free(response);
    ciq_client_free(here);

    CiqClient *there = client_new(&pair->other, tenant, token);
    for (int i = 0; i < 5; i++)
        assert_int_equal(user_count(there, world_email), 1);
    return there;
}

static void
test_logout__ends_the_session_on_the_other_server(void **state)
{
    Pair *pair = *state;
    CiqError *error = NULL;
    char token[128];
    CiqClient *there = warm_elsewhere(pair, "acme", token);
    CiqClient *here = client_new(&pair->world->server, "acme", token);
    CiqLogoutRequest request = CLIENTIQ__V1__LOGOUT_REQUEST__INIT;

    ciq_logout_response_free(ciq_logout(here, &request, &error));
    assert_ok(error);
    assert_int_equal(code_after(CODE_OK, there, "UserService/GetUser", "{\"id\": 1}"),
                     CODE_UNAUTHENTICATED);
    ciq_client_free(here);
    ciq_client_free(there);
}

static void
test_remove_domain__routes_no_more_on_the_other_server(void **state)
{
    Pair *pair = *state;
    CiqError *error = NULL;
    char token[128];
    CiqDomain domain = CLIENTIQ__V1__DOMAIN__INIT;
    CiqAddDomainRequest add = CLIENTIQ__V1__ADD_DOMAIN_REQUEST__INIT;
    CiqRemoveDomainRequest drop = CLIENTIQ__V1__REMOVE_DOMAIN_REQUEST__INIT;

    domain.domain = TEXT("moving.example");
    domain.schema_name = TEXT("acme");
    add.domain = &domain;
    ciq_add_domain_response_free(ciq_add_domain(pair->world->platform, &add, &error));
    assert_ok(error);
    CiqClient *there = warm_elsewhere(pair, "moving.example", token);

    drop.domain = TEXT("moving.example");
    ciq_remove_domain_response_free(ciq_remove_domain(pair->world->platform, &drop, &error));
    assert_ok(error);
    assert_int_equal(code_after(CODE_OK, there, "UserService/GetUser", "{\"id\": 1}"),
                     CODE_NOT_FOUND);

    /* to another tenant: never the wrong schema's row */
    domain.schema_name = TEXT("techcorp");
    ciq_add_domain_response_free(ciq_add_domain(pair->world->platform, &add, &error));
    assert_ok(error);

    Code code = call_code(there, "UserService/GetUser", "{\"id\": 1}");

    assert_true(code == CODE_NOT_FOUND || code == CODE_UNAUTHENTICATED);
    ciq_client_free(there);
}

/* A tenant that is deleted here and whose name another one takes is still in the memory of the
 * other server: until it forgets, the database refuses the old role in the new schema. */
static void
test_delete_tenant__its_name_is_taken_while_the_other_server_remembers(void **state)
{
    Pair *pair = *state;
    World *world = pair->world;
    CiqError *error = NULL;
    char token[128];
    CiqDeleteTenantRequest request = CLIENTIQ__V1__DELETE_TENANT_REQUEST__INIT;
    CiqTenant tenant = CLIENTIQ__V1__TENANT__INIT;
    CiqCreateTenantRequest create = CLIENTIQ__V1__CREATE_TENANT_REQUEST__INIT;

    tenant_new(world->platform, "heir");
    CiqClient *there = warm_elsewhere(pair, "heir", token);
    request.schema_name = TEXT("heir");
    ciq_delete_tenant_response_free(ciq_delete_tenant(world->platform, &request, &error));
    assert_ok(error);
    tenant.name = TEXT("Heir");
    tenant.schema_name = TEXT("heir");
    create.tenant = &tenant;
    create.domain = TEXT("second-heir.localhost");
    create.admin_email = TEXT(world_email);
    ciq_create_tenant_response_free(ciq_create_tenant(world->platform, &create, &error));
    assert_ok(error);
    /* the same e-mail and the same number 1 are in the new schema: any answer would be the wrong
     * tenant's */
    for (int i = 0; i < 200; i++) {
        Code code = call_code(there, "UserService/GetUser", "{\"id\": 1}");

        assert_true(code == CODE_FAILED_PRECONDITION || code == CODE_NOT_FOUND ||
                    code == CODE_UNAUTHENTICATED);
    }
    ciq_client_free(there);
}

/* The listener connection is cut, so nothing that is changed can be heard: after the bound memory
 * is silent, and the database answers. */
static void
test_heartbeat_lost__memory_is_silent(void **state)
{
    Pair *pair = *state;
    char token[128];
    CiqClient *there = warm_elsewhere(pair, "techcorp", token);
    PGconn *database = database_connect(&pair->world->database);
    int64_t start_ms;
    Code code;

    /* every heartbeat connection that is opened is cut again, until the test is over */
    start_ms = now_ms();
    connection_run(database, "delete from techcorp.core_session");
    while ((code = call_code(there, "UserService/GetUser", "{\"id\": 1}")) == CODE_OK) {
        connection_run(database, "select pg_terminate_backend(pid) from pg_stat_activity "
                                 "where application_name = 'clientiq-heartbeat' and "
                                 "datname = current_database()");
        if (now_ms() - start_ms > 10 * BOUND_MS)
            fail_msg("memory still answers after %d ms without a heartbeat", 10 * BOUND_MS);
    }
    assert_int_equal(code, CODE_UNAUTHENTICATED);
    PQfinish(database);
    ciq_client_free(there);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_logout__ends_the_session_on_the_other_server),
        cmocka_unit_test(test_remove_domain__routes_no_more_on_the_other_server),
        cmocka_unit_test(test_delete_tenant__its_name_is_taken_while_the_other_server_remembers),
        cmocka_unit_test(test_heartbeat_lost__memory_is_silent),
    };

    return run_cases(tests, pair_setup, pair_teardown);
}
