/* Tenants and whoever is in them; see people.h.  */
#include "harness/people.h"

#include "harness/cases.h"

#include <stdio.h>
#include <stdlib.h>

const char world_email[] = "admin@same.example";
const char world_password[] = "correct horse battery";

void
tenant_new(CiqClient *platform, const char *schema)
{
    CiqError *error = NULL;
    CiqTenant tenant = CLIENTIQ__V1__TENANT__INIT;
    CiqCreateTenantRequest request = CLIENTIQ__V1__CREATE_TENANT_REQUEST__INIT;
    char domain[96];

    snprintf(domain, sizeof domain, "%s.localhost", schema);
    tenant.name = TEXT(schema);
    tenant.schema_name = TEXT(schema);
    tenant.plan = CLIENTIQ__V1__PLAN__PLAN_ENTERPRISE; /* no limits, unless a test is about them */
    request.tenant = &tenant;
    request.domain = domain;
    request.admin_email = TEXT(world_email);
    request.admin_password = TEXT(world_password);

    CiqCreateTenantResponse *response = ciq_create_tenant(platform, &request, &error);

    assert_ok(error);
    ciq_create_tenant_response_free(response);
}

CiqClient *
sign_in(const TestServer *server, const char *tenant, const char *email, const char *password)
{
    CiqError *error = NULL;
    CiqClient *client = client_new(server, tenant, NULL);
    CiqLoginRequest request = CLIENTIQ__V1__LOGIN_REQUEST__INIT;

    request.email = TEXT(email);
    request.password = TEXT(password);

    CiqLoginResponse *response = ciq_login(client, &request, &error);

    assert_ok(error);
    ciq_client_set_token(client, response->token);
    ciq_login_response_free(response);
    return client;
}

int64_t
user_new(CiqClient *client, const char *email, bool is_admin)
{
    CiqError *error = NULL;
    CiqUser user = CLIENTIQ__V1__USER__INIT;
    CiqCreateUserRequest request = CLIENTIQ__V1__CREATE_USER_REQUEST__INIT;

    user.email = TEXT(email);
    user.is_admin = is_admin;
    request.user = &user;
    request.password = TEXT(world_password);

    CiqCreateUserResponse *response = ciq_create_user(client, &request, &error);

    assert_ok(error);

    int64_t id = response->user->id;

    ciq_create_user_response_free(response);
    return id;
}

void
token_new(const TestServer *server, const char *tenant, const char *email, char token[TOKEN_SIZE])
{
    CiqError *error = NULL;
    CiqClient *client = client_new(server, tenant, NULL);
    json_t *session = call_json(client, "UserService/Login", &error,
                                "{\"email\": \"%s\", \"password\": \"%s\"}", email, world_password);

    assert_ok(error);
    snprintf(token, TOKEN_SIZE, "%s", json_at(session, "token"));
    json_decref(session);
    ciq_client_free(client);
}

int64_t
key_new(CiqClient *client, const char *name, const char *permissions, char token[TOKEN_SIZE])
{
    CiqError *error = NULL;
    json_t *key =
        call_json(client, "UserService/CreateApiKey", &error,
                  "{\"api_key\": {\"name\": \"%s\", \"permissions\": [%s]}}", name, permissions);

    assert_ok(error);
    snprintf(token, TOKEN_SIZE, "%s", json_at(key, "token"));

    int64_t id = strtoll(json_at(key, "api_key.id"), NULL, 10);

    json_decref(key);
    return id;
}

int64_t
group_new(CiqClient *client, const char *name, const char *permissions)
{
    CiqError *error = NULL;
    json_t *group =
        call_json(client, "UserService/CreateGroup", &error,
                  "{\"group\": {\"name\": \"%s\", \"permissions\": [%s]}}", name, permissions);

    assert_ok(error);

    int64_t id = strtoll(json_at(group, "group.id"), NULL, 10);

    json_decref(group);
    return id;
}

CiqGetUserResponse *
user_get(CiqClient *client, int64_t id, CiqError **error)
{
    CiqGetUserRequest request = CLIENTIQ__V1__GET_USER_REQUEST__INIT;

    request.id = id;
    return ciq_get_user(client, &request, error);
}

void
assert_user_code(CiqClient *client, Code code, const char *text)
{
    CiqError *error = NULL;

    ciq_get_user_response_free(user_get(client, 1, &error));
    assert_code(error, code, text);
}

size_t
user_count(CiqClient *client, const char *search)
{
    CiqError *error = NULL;
    CiqListUsersRequest request = CLIENTIQ__V1__LIST_USERS_REQUEST__INIT;

    request.search = TEXT(search);
    request.page_size = 1000;

    CiqListUsersResponse *response = ciq_list_users(client, &request, &error);

    assert_ok(error);

    size_t count = response->n_users;

    ciq_list_users_response_free(response);
    return count;
}
