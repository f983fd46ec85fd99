/* What a credential was bound to has changed, so it ends: each row of server/access/bound.def, on
 * the server where it changes at once and on another one within the bound of the heartbeat, with
 * the credential in the memory of both (warm) and of neither (cold).  */
#include "harness/harness.h"

#include <inttypes.h>
#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

/* One row, warm or cold: its people and tenants have names of their own. */
typedef struct Try {
    Pair *pair;
    World *world;
    bool is_warm;
    int number;
    char email[64], schema[32];
    CiqClient *here, *there; /* with the credential, on both servers */
    const char *method;
    char payload[256];
    Code code;
} Try;

/* A call that the credential allows, to see whether it does. */
static void
is_used_by(Try *try, const char *tenant, const char *token, const char *method, const char *payload)
{
    try->here = client_new(&try->world->server, tenant, token);
    try->there = client_new(&try->pair->other, tenant, token);
    try->method = method;
    snprintf(try->payload, sizeof try->payload, "%s", payload);
    for (int i = 0; try->is_warm && i < 2; i++) {
        expect_json(try->here, method, CODE_OK, NULL, "%s", payload);
        expect_json(try->there, method, CODE_OK, NULL, "%s", payload);
    }
}

static void
assert_ends(Try *try, Code code)
{
    assert_int_equal(call_code(try->here, try->method, "%s", try->payload), code);
    assert_int_equal(code_after(CODE_OK, try->there, try->method, "%s", try->payload), code);
}

static void
assert_ended(Try *try, Code code)
{
    assert_ends(try, code);
    ciq_client_free(try->here);
    ciq_client_free(try->there);
}

static int
bound_setup(void **state)
{
    pair_setup(state);

    /* superuser 1, about whom others ask */
    expect_json(((Pair *) *state)->world->platform, "UserService/CreateSuperuser", CODE_OK, NULL,
                "{\"superuser\": {\"email\": \"first@platform.example\", "
                "\"platform_role\": \"owner\"}, \"password\": \"%s\"}",
                world_password);
    return 0;
}

/* ---- people ---- */

static const char seen[] = "UserService/ListUsers";

/* A user of acme's who may do this and nothing else. */
static CiqClient *
person(Try *try, const char *permissions, int64_t *id)
{
    snprintf(try->email, sizeof try->email, "bound%d@same.example", try->number);
    return holder_new(try->world, try->email, permissions, id);
}

static CiqClient *
superuser(Try *try, const char *role, int64_t *id)
{
    CiqError *error = NULL;
    json_t *made;

    snprintf(try->email, sizeof try->email, "bound%d@platform.example", try->number);
    made = call_json(try->world->platform, "UserService/CreateSuperuser", &error,
                     "{\"superuser\": {\"email\": \"%s\", \"platform_role\": \"%s\"}, "
                     "\"password\": \"%s\"}",
                     try->email, role, world_password);
    assert_ok(error);
    *id = strtoll(json_at(made, "superuser.id"), NULL, 10);
    json_decref(made);
    return sign_in(&try->world->server, NULL, try->email, world_password);
}

static void
of_user(Try *try, const char *rpc, int64_t id)
{
    char method[64];

    snprintf(method, sizeof method, "UserService/%s", rpc);
    expect_json(strstr(rpc, "Superuser") != NULL ? try->world->platform : try->world->acme, method,
                CODE_OK, NULL, "{\"id\": %" PRId64 "}", id);
}

static void
set_role(Try *try, int64_t id, const char *role)
{
    expect_json(try->world->platform, "UserService/UpdateSuperuser", CODE_OK, NULL,
                "{\"id\": %" PRId64 ", \"superuser\": {\"platform_role\": \"%s\"}, "
                "\"update_mask\": \"platform_role\"}",
                id, role);
}

static void
change_password(CiqClient *client)
{
    expect_json(client, "UserService/ChangePassword", CODE_OK, NULL,
                "{\"old_password\": \"%s\", \"new_password\": \"quite another one\"}",
                world_password);
}

static void
set_tenant(Try *try, const char *rpc)
{
    char method[64];

    snprintf(method, sizeof method, "TenantService/%sTenant", rpc);
    expect_json(try->world->platform, method, CODE_OK, NULL, "{\"schema_name\": \"%s\"%s}",
                try->schema, strcmp(rpc, "Suspend") == 0 ? ", \"reason\": \"unpaid\"" : "");
}

/* A tenant of the try's own, and a session of its admin. */
static void
own_tenant(Try *try, char token[TOKEN_SIZE])
{
    snprintf(try->schema, sizeof try->schema, "bound%d", try->number);
    tenant_new(try->world->platform, try->schema);
    token_new(&try->world->server, try->schema, world_email, token);
}

typedef struct Expected {
    const Try *try;
    Code code;
} Expected;

static bool
is_there(void *argument)
{
    const Expected *expected = argument;
    const Try *try = expected->try;

    return call_code(try->there, try->method, "%s", try->payload) == expected->code;
}

/* Of a tenant that was closed, opened, renamed or deleted: here at once; the other server may say
 * in between that the schema, which it knows by its old name, is closed. */
static void
assert_settles(Try *try, Code code)
{
    assert_int_equal(call_code(try->here, try->method, "%s", try->payload), code);
    wait_until("the other server", is_there, &(Expected){try, code});
}

static void
assert_is_open_tenants(Try *try, Code open)
{
    set_tenant(try, "Suspend");
    assert_settles(try, CODE_FAILED_PRECONDITION);
    set_tenant(try, "Activate");
    assert_settles(try, open);
    set_tenant(try, "Delete");
    assert_settles(try, CODE_NOT_FOUND);
    ciq_client_free(try->here);
    ciq_client_free(try->there);
}

/* ---- sessions ---- */

static void
bound_session_account(Try *try)
{
    static const char *const ways[] = {"DeactivateUser", "DeleteUser"};
    char token[TOKEN_SIZE];
    int64_t id;

    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        ciq_client_free(person(try, "users.view_customuser", &id));
        token_new(&try->world->server, "acme", try->email, token);
        is_used_by(try, "acme", token, seen, "{}");
        of_user(try, ways[i], id);
        assert_ends(try, CODE_UNAUTHENTICATED);
        if (i == 0) { /* and stays ended */
            of_user(try, "ActivateUser", id);
            assert_ends(try, CODE_UNAUTHENTICATED);
        }
        assert_ended(try, CODE_UNAUTHENTICATED);
        try->number += 1000;
    }
}

static void
bound_session_password(Try *try)
{
    char token[TOKEN_SIZE];
    int64_t id;
    CiqClient *client = person(try, "users.view_customuser", &id);

    token_new(&try->world->server, "acme", try->email, token);
    is_used_by(try, "acme", token, seen, "{}");
    change_password(client);
    assert_ended(try, CODE_UNAUTHENTICATED);
    ciq_client_free(client);
}

static void
bound_session_rights(Try *try)
{
    char token[TOKEN_SIZE];
    int64_t id;

    ciq_client_free(person(try, "users.view_customuser", &id));
    token_new(&try->world->server, "acme", try->email, token);
    is_used_by(try, "acme", token, seen, "{}");
    expect_json(try->world->acme, "UserService/RevokePermission", CODE_OK, NULL,
                "{\"user_id\": %" PRId64 ", \"permission\": \"users.view_customuser\"}", id);
    assert_ended(try, CODE_PERMISSION_DENIED);
}

static void
bound_session_tenant(Try *try)
{
    char token[TOKEN_SIZE], name[32];

    own_tenant(try, token);
    is_used_by(try, try->schema, token, seen, "{}");
    snprintf(name, sizeof name, "renamed%d", try->number);
    expect_json(try->world->platform, "TenantService/RenameTenant", CODE_OK, NULL,
                "{\"schema_name\": \"%s\", \"new_schema_name\": \"%s\"}", try->schema, name);
    assert_settles(try, CODE_NOT_FOUND);
    /* another tenant by the old name, with the same numbers: the session is not its */
    expect_json(try->world->platform, "TenantService/CreateTenant", CODE_OK, NULL,
                "{\"tenant\": {\"name\": \"x\", \"schema_name\": \"%s\", \"plan\": "
                "\"PLAN_ENTERPRISE\"}, \"domain\": \"again.%s.localhost\", "
                "\"admin_email\": \"%s\", \"admin_password\": \"%s\"}",
                try->schema, try->schema, world_email, world_password);
    assert_settles(try, CODE_UNAUTHENTICATED);
    /* it goes on under the new one */
    snprintf(try->schema, sizeof try->schema, "%s", name);
    ciq_client_set_tenant(try->here, name);
    ciq_client_set_tenant(try->there, name);
    assert_settles(try, CODE_OK);
    assert_is_open_tenants(try, CODE_UNAUTHENTICATED);
}

static void
bound_superuser_account(Try *try)
{
    static const char *const ways[] = {"DeactivateSuperuser", "DeleteSuperuser"};
    char token[TOKEN_SIZE];
    int64_t id;

    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        ciq_client_free(superuser(try, "operator", &id));
        token_new(&try->world->server, NULL, try->email, token);
        is_used_by(try, NULL, token, "TenantService/ListTenants", "{}");
        of_user(try, ways[i], id);
        assert_ended(try, CODE_UNAUTHENTICATED);
        try->number += 1000;
    }
}

static void
bound_superuser_password(Try *try)
{
    char token[TOKEN_SIZE];
    int64_t id;
    CiqClient *client = superuser(try, "operator", &id);

    token_new(&try->world->server, NULL, try->email, token);
    is_used_by(try, NULL, token, "TenantService/ListTenants", "{}");
    change_password(client);
    assert_ended(try, CODE_UNAUTHENTICATED);
    ciq_client_free(client);
}

static const char may_check[] = "UserService/CheckPermission";
static const char about_others[] = "{\"user_id\": 1, \"permissions\": [\"tenants.view_tenant\"]}";

static void
bound_superuser_rights(Try *try)
{
    char token[TOKEN_SIZE];
    int64_t id;

    ciq_client_free(superuser(try, "operator", &id));
    token_new(&try->world->server, NULL, try->email, token);
    is_used_by(try, NULL, token, may_check, about_others);
    set_role(try, id, "support");
    assert_ended(try, CODE_PERMISSION_DENIED);
}

/* ---- act as ---- */

static void
act(CiqClient *who, const char *schema, char token[TOKEN_SIZE])
{
    CiqError *error = NULL;
    json_t *session = call_json(who, "TenantService/ActAs", &error,
                                "{\"schema_name\": \"%s\", \"reason\": \"ticket 7\"}", schema);

    assert_ok(error);
    snprintf(token, TOKEN_SIZE, "%s", json_at(session, "token"));
    json_decref(session);
}

static void
bound_act_as_account(Try *try)
{
    static const char *const ways[] = {"DeactivateSuperuser", "DeleteSuperuser"};
    char token[TOKEN_SIZE];
    int64_t id;

    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        CiqClient *staff = superuser(try, "operator", &id);

        act(staff, "acme", token);
        is_used_by(try, "acme", token, seen, "{}");
        of_user(try, ways[i], id);
        if (i == 0) {
            assert_ends(try, CODE_UNAUTHENTICATED);
            of_user(try, "ActivateSuperuser", id);
        }
        assert_ended(try, CODE_UNAUTHENTICATED);
        ciq_client_free(staff);
        try->number += 1000;
    }
}

static void
bound_act_as_right(Try *try)
{
    char token[TOKEN_SIZE];
    int64_t id;
    CiqClient *staff = superuser(try, "operator", &id);

    act(staff, "acme", token);
    is_used_by(try, "acme", token, seen, "{}");
    set_role(try, id, "support");
    assert_ends(try, CODE_UNAUTHENTICATED);
    set_role(try, id, "operator");
    assert_ended(try, CODE_UNAUTHENTICATED);
    ciq_client_free(staff);
}

static void
bound_act_as_password(Try *try)
{
    char token[TOKEN_SIZE];
    int64_t id;
    CiqClient *staff = superuser(try, "operator", &id);

    act(staff, "acme", token);
    is_used_by(try, "acme", token, seen, "{}");
    expect_json(staff, "UserService/RevokeAllSessions", CODE_OK, NULL,
                "{\"except_current\": true}");
    assert_ended(try, CODE_UNAUTHENTICATED);

    act(staff, "acme", token);
    is_used_by(try, "acme", token, seen, "{}");
    change_password(staff);
    assert_ended(try, CODE_UNAUTHENTICATED);
    ciq_client_free(staff);
}

static void
bound_act_as_tenant(Try *try)
{
    char token[TOKEN_SIZE];
    int64_t id;
    CiqClient *staff = superuser(try, "operator", &id);

    own_tenant(try, token);
    act(staff, try->schema, token);
    is_used_by(try, try->schema, token, seen, "{}");
    assert_is_open_tenants(try, CODE_OK);
    ciq_client_free(staff);
}

/* ---- API keys ---- */

static const char key_rights[] = "\"users.view_customuser\"";

static void
make_key(Try *try, CiqClient *maker, char token[TOKEN_SIZE])
{
    char name[32];

    snprintf(name, sizeof name, "bound %d", try->number);
    key_new(maker, name, key_rights, token);
}

static void
bound_key_maker(Try *try)
{
    char token[TOKEN_SIZE];
    int64_t id;

    for (int i = 0; i < 3; i++) {
        CiqClient *maker = person(try, "users.add_apikey,users.view_customuser", &id);

        make_key(try, maker, token);
        is_used_by(try, "acme", token, seen, "{}");
        if (i == 0)
            of_user(try, "DeactivateUser", id);
        else if (i == 1)
            of_user(try, "DeleteUser", id);
        else
            expect_json(try->world->acme, "UserService/UpdateUser", CODE_OK, NULL,
                        "{\"id\": %" PRId64 ", \"user\": {\"is_active\": false}, "
                        "\"update_mask\": \"is_active\"}",
                        id);
        assert_ends(try, CODE_UNAUTHENTICATED);
        if (i != 1) /* and stays ended */
            of_user(try, "ActivateUser", id);
        assert_ended(try, CODE_UNAUTHENTICATED);
        ciq_client_free(maker);
        try->number += 1000;
    }
}

static void
bound_key_rights(Try *try)
{
    char token[TOKEN_SIZE];
    int64_t id;
    CiqClient *maker = person(try, "users.add_apikey,users.view_customuser", &id);

    make_key(try, maker, token);
    is_used_by(try, "acme", token, seen, "{}");
    expect_json(try->world->acme, "UserService/RevokePermission", CODE_OK, NULL,
                "{\"user_id\": %" PRId64 ", \"permission\": \"users.view_customuser\"}", id);
    assert_ends(try, CODE_PERMISSION_DENIED);
    /* by a group, it holds them again */
    expect_json(try->world->acme, "UserService/UpdateUser", CODE_OK, NULL,
                "{\"id\": %" PRId64 ", \"user\": {\"groups\": [\"Tenant Admins\"]}, "
                "\"update_mask\": \"groups\"}",
                id);
    expect_json(try->here, seen, CODE_OK, NULL, "{}");
    assert_int_equal(code_after(CODE_PERMISSION_DENIED, try->there, seen, "{}"), CODE_OK);
    expect_json(try->world->acme, "UserService/UpdateUser", CODE_OK, NULL,
                "{\"id\": %" PRId64 ", \"user\": {}, \"update_mask\": \"groups\"}", id);
    assert_ended(try, CODE_PERMISSION_DENIED);
    ciq_client_free(maker);
}

static void
bound_key_tenant(Try *try)
{
    char token[TOKEN_SIZE];
    CiqClient *admin;

    own_tenant(try, token);
    admin = client_new(&try->world->server, try->schema, token);
    make_key(try, admin, token);
    is_used_by(try, try->schema, token, seen, "{}");
    assert_is_open_tenants(try, CODE_OK);
    ciq_client_free(admin);
}

static void
bound_platform_key_maker(Try *try)
{
    static const char *const ways[] = {"DeactivateSuperuser", "DeleteSuperuser"};
    char token[TOKEN_SIZE], name[32];
    int64_t id;

    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        CiqClient *maker = superuser(try, "operator", &id);

        snprintf(name, sizeof name, "bound %d", try->number);
        key_new(maker, name, "\"auth.check\"", token);
        is_used_by(try, NULL, token, may_check, about_others);
        of_user(try, ways[i], id);
        assert_ends(try, CODE_UNAUTHENTICATED);
        if (i == 0)
            of_user(try, "ActivateSuperuser", id);
        assert_ended(try, CODE_UNAUTHENTICATED);
        ciq_client_free(maker);
        try->number += 1000;
    }
}

static void
bound_platform_key_rights(Try *try)
{
    char token[TOKEN_SIZE], name[32];
    int64_t id;
    CiqClient *maker = superuser(try, "operator", &id);

    snprintf(name, sizeof name, "bound %d", try->number);
    key_new(maker, name, "\"auth.check\"", token);
    is_used_by(try, NULL, token, may_check, about_others);
    set_role(try, id, "support");
    assert_ended(try, CODE_PERMISSION_DENIED);
    ciq_client_free(maker);
}

static void
bound_staff_key_account(Try *try)
{
    static const char *const ways[] = {"DeactivateSuperuser", "DeleteSuperuser"};
    char token[TOKEN_SIZE];
    int64_t id;

    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        CiqClient *staff = superuser(try, "operator", &id);
        CiqClient *inside;

        act(staff, "acme", token);
        inside = client_new(&try->world->server, "acme", token);
        make_key(try, inside, token);
        is_used_by(try, "acme", token, seen, "{}");
        of_user(try, ways[i], id);
        assert_ends(try, CODE_UNAUTHENTICATED);
        if (i == 0)
            of_user(try, "ActivateSuperuser", id);
        assert_ended(try, CODE_UNAUTHENTICATED);
        ciq_client_free(inside);
        ciq_client_free(staff);
        try->number += 1000;
    }
}

static void
bound_staff_key_right(Try *try)
{
    char token[TOKEN_SIZE];
    int64_t id;
    CiqClient *staff = superuser(try, "operator", &id), *inside;

    act(staff, "acme", token);
    inside = client_new(&try->world->server, "acme", token);
    make_key(try, inside, token);
    is_used_by(try, "acme", token, seen, "{}");
    set_role(try, id, "support");
    assert_ends(try, CODE_UNAUTHENTICATED);
    set_role(try, id, "operator");
    assert_ended(try, CODE_UNAUTHENTICATED);
    ciq_client_free(inside);
    ciq_client_free(staff);
}

/* ---- links ---- */

/* A link as the outbox makes it, of which only the hash is stored. */
static void
make_link(Try *try, const char *schema, const char *table, int64_t user_id, char token[TOKEN_SIZE])
{
    uint8_t secret[32], hash[32];
    char text[64], hex[65], tenant[24];

    randombytes_buf(secret, sizeof secret);
    crypto_generichash(hash, sizeof hash, secret, sizeof secret, NULL, 0);
    sodium_bin2base64(text, sizeof text, secret, sizeof secret,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    sodium_bin2hex(hex, sizeof hex, hash, sizeof hash);
    database_value(&try->world->database,
                   "insert into %s.%s (secret_hash, user_id, expire_time) values ('\\x%s', %" PRId64
                   ", now() + interval '1 hour')",
                   schema, table, hex, user_id);
    snprintf(tenant, sizeof tenant, "%s",
             database_value(&try->world->database,
                            "select coalesce((select id from public.tenants_tenant "
                            "where schema_name = '%s'), 0)",
                            schema));
    snprintf(token, TOKEN_SIZE, "ciq_l_%s_%s", tenant, text);
}

/* It can be used only once, so both servers are asked with a password that is refused for what it
 * is, which a link that is good gets to. */
static void
link_is_used_by(Try *try, const char *tenant, const char *token)
{
    char payload[256];

    snprintf(payload, sizeof payload, "{\"link_token\": \"%s\", \"password\": \"password\"}",
             token);
    try->here = client_new(&try->world->server, tenant, NULL);
    try->there = client_new(&try->pair->other, tenant, NULL);
    try->method = "UserService/SetPassword";
    snprintf(try->payload, sizeof try->payload, "%s", payload);
    for (int i = 0; try->is_warm && i < 2; i++) {
        expect_json(try->here, try->method, CODE_INVALID_ARGUMENT, "password", "%s", payload);
        expect_json(try->there, try->method, CODE_INVALID_ARGUMENT, "password", "%s", payload);
    }
}

static void
bound_link_account(Try *try)
{
    char token[TOKEN_SIZE];
    int64_t id;

    for (int i = 0; i < 2; i++) {
        ciq_client_free(person(try, "users.view_customuser", &id));
        make_link(try, "acme", "users_token", id, token);
        link_is_used_by(try, "acme", token);
        of_user(try, i == 0 ? "DeactivateUser" : "DeleteUser", id);
        assert_ends(try, CODE_UNAUTHENTICATED);
        if (i == 0)
            of_user(try, "ActivateUser", id);
        assert_ended(try, CODE_UNAUTHENTICATED);
        try->number += 1000;
    }
}

static void
set_address(Try *try, int64_t id, const char *rpc, const char *what, const char *email)
{
    expect_json(strcmp(what, "user") == 0 ? try->world->acme : try->world->platform, rpc, CODE_OK,
                NULL,
                "{\"id\": %" PRId64 ", \"%s\": {\"email\": \"%s\"}, \"update_mask\": \"email\"}",
                id, what, email);
}

static void
bound_link_address(Try *try)
{
    char token[TOKEN_SIZE], email[80];
    int64_t id;

    ciq_client_free(person(try, "users.view_customuser", &id));
    make_link(try, "acme", "users_token", id, token);
    link_is_used_by(try, "acme", token);
    /* the same address once more ends nothing */
    set_address(try, id, "UserService/UpdateUser", "user", try->email);
    assert_ends(try, CODE_INVALID_ARGUMENT);
    snprintf(email, sizeof email, "new.%s", try->email);
    set_address(try, id, "UserService/UpdateUser", "user", email);
    assert_ends(try, CODE_UNAUTHENTICATED);
    set_address(try, id, "UserService/UpdateUser", "user", try->email);
    assert_ended(try, CODE_UNAUTHENTICATED);
}

static void
bound_link_password(Try *try)
{
    char token[TOKEN_SIZE], other[TOKEN_SIZE];
    int64_t id;
    CiqClient *client = person(try, "users.view_customuser", &id);

    make_link(try, "acme", "users_token", id, token);
    link_is_used_by(try, "acme", token);
    change_password(client);
    assert_ended(try, CODE_UNAUTHENTICATED);

    make_link(try, "acme", "users_token", id, token);
    make_link(try, "acme", "users_token", id, other);
    link_is_used_by(try, "acme", token);
    expect_json(try->there, "UserService/SetPassword", CODE_OK, NULL,
                "{\"link_token\": \"%s\", \"password\": \"by another link\"}", other);
    assert_ended(try, CODE_UNAUTHENTICATED);
    ciq_client_free(client);
}

static void
bound_link_tenant(Try *try)
{
    char token[TOKEN_SIZE];

    own_tenant(try, token);
    make_link(try, try->schema, "users_token", 1, token);
    link_is_used_by(try, try->schema, token);
    assert_is_open_tenants(try, CODE_INVALID_ARGUMENT);
}

static void
bound_superuser_link_account(Try *try)
{
    char token[TOKEN_SIZE];
    int64_t id;

    ciq_client_free(superuser(try, "support", &id));
    make_link(try, "public", "platform_token", id, token);
    link_is_used_by(try, NULL, token);
    of_user(try, "DeactivateSuperuser", id);
    of_user(try, "ActivateSuperuser", id);
    assert_ended(try, CODE_UNAUTHENTICATED);
}

static void
bound_superuser_link_address(Try *try)
{
    char token[TOKEN_SIZE], email[80];
    int64_t id;

    ciq_client_free(superuser(try, "support", &id));
    make_link(try, "public", "platform_token", id, token);
    link_is_used_by(try, NULL, token);
    set_address(try, id, "UserService/UpdateSuperuser", "superuser", try->email);
    assert_ends(try, CODE_INVALID_ARGUMENT);
    snprintf(email, sizeof email, "new.%s", try->email);
    set_address(try, id, "UserService/UpdateSuperuser", "superuser", email);
    assert_ended(try, CODE_UNAUTHENTICATED);
}

/* ---- all of them ---- */

static const struct {
    const char *name, *credential, *to, *how;
    void (*run)(Try *try);
} bounds[] = {
#define BOUND(name, credential, to, how) {#name, credential, to, how, bound_##name},
#include "server/access/bound.def"
#undef BOUND
};

enum { BOUNDS = sizeof bounds / sizeof *bounds };

static void
run_all(Pair *pair, bool is_warm)
{
    static int number;

    for (int i = 0; i < BOUNDS; i++) {
        Try try = {.pair = pair, .world = pair->world, .is_warm = is_warm, .number = ++number};

        print_message("%s %s\n", bounds[i].name, is_warm ? "warm" : "cold");
        bounds[i].run(&try);
    }
}

static void
test_credential__ends_with_what_it_is_bound_to_warm(void **state)
{
    run_all(*state, true);
}

static void
test_credential__ends_with_what_it_is_bound_to_cold(void **state)
{
    run_all(*state, false);
}

static void
test_credentials__are_all_on_the_page(void **state)
{
    char *page = file_read(CIQ_SOURCE_DIR "/docs/sessions.md", NULL), row[512];

    (void) state;
    for (int i = 0; i < BOUNDS; i++) {
        snprintf(row, sizeof row, "| %s | %s | %s |\n", bounds[i].credential, bounds[i].to,
                 bounds[i].how);
        if (strstr(page, row) == NULL)
            fail_msg("docs/sessions.md has no row\n%s", row);
    }
    free(page);
}

/* ---- what happens at the same time ---- */

static void *
update_in_thread(void *argument)
{
    Try *try = argument;

    try->code = call_code(try->here, try->method, "%s", try->payload);
    return NULL;
}

/* A mail's link that is being made while the address changes: the change waits, and then ends it.
 */
static void
test_link__made_while_the_address_changes(void **state)
{
    Pair *pair = *state;
    PGconn *outbox = database_connect(&pair->world->database);
    int64_t id = user_new(pair->world->acme, "moving@same.example", false);
    Try try = {.here = pair->world->acme, .method = "UserService/UpdateUser"};
    pthread_t thread;

    snprintf(try.payload, sizeof try.payload,
             "{\"id\": %" PRId64 ", \"user\": {\"email\": \"moved@same.example\"}, "
             "\"update_mask\": \"email\"}",
             id);
    connection_run(outbox, "begin");
    connection_run(outbox,
                   "insert into acme.users_token (secret_hash, user_id, expire_time) "
                   "select 'x', id, now() + interval '1 hour' from acme.users_customuser "
                   "where id = %" PRId64 " for share",
                   id);
    assert_int_equal(pthread_create(&thread, NULL, update_in_thread, &try), 0);
    wait_for_waiters(&pair->world->database, 1);
    connection_run(outbox, "commit");
    pthread_join(thread, NULL);
    assert_int_equal(try.code, CODE_OK);
    assert_value(&pair->world->database, "0",
                 "select count(*) from acme.users_token where user_id = %" PRId64, id);
    PQfinish(outbox);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_credential__ends_with_what_it_is_bound_to_warm),
        cmocka_unit_test(test_credential__ends_with_what_it_is_bound_to_cold),
        cmocka_unit_test(test_credentials__are_all_on_the_page),
        cmocka_unit_test(test_link__made_while_the_address_changes),
    };

    return run_cases(tests, bound_setup, pair_teardown);
}
