/* setup and seed: a platform and a tenant to try things with.  Both may be repeated: what exists is
 * kept.  Passwords are random, shown once, and kept in a file that only the user can read.  */
#include "client/cli/setup.h"
#include "client/cli/exit.h"
#include "client/cli/secret.h"
#include "client/cli/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char superuser_email[] = "admin@clientiq.localhost";
static const char tenant_domain[] = "acme.localhost";
static const char admin_email[] = "admin@acme.com";

static char *
setup_text(const char *constant)
{
    return (char *) (uintptr_t) constant;
}

/* Prints whether a thing was made now or existed already.  True: it was made now. */
static bool
setup_report(const char *what, const char *name, CiqError *error, const Method *method,
             const char *tenant)
{
    bool made = error == NULL;

    if (error != NULL && ciq_error_code(error) != CODE_ALREADY_EXISTS)
        die_error(error, method, tenant);
    ciq_error_free(error);
    printf("%-10s %-26s %s\n", what, name, made ? "made" : "kept");
    return made;
}

/* The password of a new account.  It is in the file before the account is made, so that it is not
 * lost if the server's answer is. */
typedef struct Password {
    const char *tenant, *email;
    char pending[128]; /* the tenant that it is kept under until the account exists */
    char *text;
    bool is_old; /* kept by an earlier run that was interrupted */
} Password;

static void
password_begin(Password *password, const char *tenant, const char *email)
{
    const char *old;

    *password = (Password){.tenant = tenant, .email = email};
    snprintf(password->pending, sizeof password->pending, "(pending) %s", tenant);
    old = state_password(password->pending, email);
    password->is_old = old != NULL;
    password->text = old != NULL ? strdup(old) : secret_make_password();
    if (password->text == NULL)
        die("no memory");
    state_keep_password(password->pending, email, password->text);
}

/* Whether this error means that the account was certainly not made. */
static bool
is_refusal(const CiqError *error)
{
    switch (ciq_error_code(error)) {
    case CODE_INVALID_ARGUMENT:
    case CODE_PERMISSION_DENIED:
    case CODE_UNAUTHENTICATED:
    case CODE_FAILED_PRECONDITION:
    case CODE_NOT_FOUND:
    case CODE_UNIMPLEMENTED:
        return true;
    default:
        return false;
    }
}

static void
password_end(Password *password, const CiqError *error)
{
    bool exists = error != NULL && ciq_error_code(error) == CODE_ALREADY_EXISTS;
    bool is_ours = error == NULL || (exists && password->is_old &&
                                     state_password(password->tenant, password->email) == NULL);

    if (is_ours) {
        state_keep_password(password->tenant, password->email, password->text);
        printf("%-10s %-26s %s\n", "password", password->email, password->text);
    }
    if (is_ours || exists || is_refusal(error))
        state_keep_password(password->pending, password->email, NULL);
    free(password->text);
}

/* One call of which only the error matters; NULL: it succeeded. */
static CiqError *
setup_call(const Cli *cli, CiqClient *client, const Method *method, const ProtobufCMessage *request,
           const char *tenant, const char *token)
{
    CiqError *error = NULL;
    ProtobufCMessage *response = cli_call(cli, client, method, request, tenant, token, &error);

    if (response != NULL)
        protobuf_c_message_free_unpacked(response, NULL);
    return error;
}

/* The token to call with: "" for the local operator, who needs none; NULL, the kept one, for
 * anybody else, who must have signed in as a superuser. */
static const char *
operator_token(const Cli *cli, CiqClient *client)
{
    CiqWhoAmIRequest request = CLIENTIQ__V1__WHO_AM_IREQUEST__INIT;
    CiqError *error;
    Cli quiet = *cli;

    quiet.explain = false;
    error = setup_call(&quiet, client, method_by_name("UserService/WhoAmI"), &request.base, "", "");
    if (error == NULL)
        return "";
    if (ciq_error_code(error) != CODE_UNAUTHENTICATED)
        die_error(error, NULL, "");
    ciq_error_free(error);
    return NULL;
}

static void
make_superuser(const Cli *cli, CiqClient *client, const char *token)
{
    const Method *method = method_by_name("UserService/CreateSuperuser");
    CiqSuperuser superuser = CLIENTIQ__V1__SUPERUSER__INIT;
    CiqCreateSuperuserRequest request = CLIENTIQ__V1__CREATE_SUPERUSER_REQUEST__INIT;
    CiqError *error;
    Password password;

    password_begin(&password, "", superuser_email);
    superuser.email = setup_text(superuser_email);
    superuser.platform_role = setup_text("owner");
    superuser.can_create_tenants = true;
    request.superuser = &superuser;
    request.password = password.text;

    error = setup_call(cli, client, method, &request.base, "", token);
    password_end(&password, error);
    setup_report("superuser", superuser_email, error, method, "");
}

static void
make_tenant(const Cli *cli, CiqClient *client, const char *token)
{
    const Method *method = method_by_name("TenantService/CreateTenant");
    CiqTenant tenant = CLIENTIQ__V1__TENANT__INIT;
    CiqCreateTenantRequest request = CLIENTIQ__V1__CREATE_TENANT_REQUEST__INIT;
    CiqError *error;
    Password password;
    bool made;

    password_begin(&password, tenant_domain, admin_email);
    tenant.name = setup_text("ACME Corporation");
    tenant.schema_name = setup_text("acme");
    tenant.contact_email = setup_text(admin_email);
    tenant.industry = setup_text("Technology");
    tenant.company_size = setup_text("51-200");
    request.tenant = &tenant;
    request.domain = setup_text(tenant_domain);
    request.admin_email = setup_text(admin_email);
    request.admin_password = password.text;

    error = setup_call(cli, client, method, &request.base, "", token);
    password_end(&password, error);
    made = setup_report("tenant", "acme", error, method, "");
    printf("%-10s %-26s %s\n", "domain", tenant_domain, made ? "made" : "kept");
}

int
command_setup(Cli *cli)
{
    CiqClient *client;
    const char *token;

    if (cli->words_count != 1)
        die_usage("setup takes no other words");
    client = cli_client(cli);
    token = operator_token(cli, client);
    make_superuser(cli, client, token);
    make_tenant(cli, client, token);
    ciq_client_free(client);
    fprintf(stderr, "passwords are kept in %s\n", state_path("passwords"));
    return 0;
}

/* ---- seed ---- */

typedef struct SeedGroup {
    const char *name;
    const char *permissions[16];
} SeedGroup;

static const SeedGroup seed_groups[] = {
    {"Managers",
     {"users.view_customuser", "users.add_customuser", "users.change_customuser",
      "users.view_group", "business.view_company", "business.add_company",
      "business.change_company", "business.delete_company", "business.view_contact",
      "business.add_contact", "business.change_contact", "business.delete_contact"}},
    {"Staff", {"users.view_customuser", "business.view_company", "business.view_contact"}},
};

typedef struct SeedUser {
    const char *email, *first_name, *last_name, *job_title, *department, *group;
    bool is_admin;
} SeedUser;

static const SeedUser seed_users[] = {
    {"manager@acme.com", "Mary", "Manager", "Manager", "Sales", "Managers", false},
    {"user@acme.com", "Uma", "User", "Clerk", "Sales", "Staff", false},
    {"superuser@acme.com", "Sam", "Super", "Head of IT", "IT", "Tenant Admins", true},
};

static char *
sign_in(const Cli *cli, CiqClient *client)
{
    CiqLoginRequest request = CLIENTIQ__V1__LOGIN_REQUEST__INIT;
    CiqError *error = NULL;
    const char *password = state_password(tenant_domain, admin_email);

    if (password == NULL)
        die("no password of %s is kept in %s; run ciq-client setup first, on the machine and as "
            "the user that made ACME",
            admin_email, state_path("passwords"));
    request.email = setup_text(admin_email);
    request.password = setup_text(password);

    CiqLoginResponse *response = (CiqLoginResponse *) cli_call(
        cli, client, method_by_name("UserService/Login"), &request.base, tenant_domain, "", &error);

    if (error != NULL)
        die_error(error, NULL, tenant_domain);

    char *token = strdup(response->token);

    ciq_login_response_free(response);
    return token;
}

static void
make_group(const Cli *cli, CiqClient *client, const char *token, const SeedGroup *seed)
{
    const Method *method = method_by_name("UserService/CreateGroup");
    CiqGroup group = CLIENTIQ__V1__GROUP__INIT;
    CiqCreateGroupRequest request = CLIENTIQ__V1__CREATE_GROUP_REQUEST__INIT;
    CiqError *error;
    char *permissions[16];

    while (group.n_permissions < 16 && seed->permissions[group.n_permissions] != NULL) {
        permissions[group.n_permissions] = setup_text(seed->permissions[group.n_permissions]);
        group.n_permissions++;
    }
    group.name = setup_text(seed->name);
    group.permissions = permissions;
    request.group = &group;

    error = setup_call(cli, client, method, &request.base, tenant_domain, token);
    setup_report("group", seed->name, error, method, tenant_domain);
}

static void
make_user(const Cli *cli, CiqClient *client, const char *token, const SeedUser *seed)
{
    const Method *method = method_by_name("UserService/CreateUser");
    CiqUser user = CLIENTIQ__V1__USER__INIT;
    CiqCreateUserRequest request = CLIENTIQ__V1__CREATE_USER_REQUEST__INIT;
    CiqError *error;
    Password password;
    char *group = setup_text(seed->group);

    password_begin(&password, tenant_domain, seed->email);
    user.email = setup_text(seed->email);
    user.first_name = setup_text(seed->first_name);
    user.last_name = setup_text(seed->last_name);
    user.job_title = setup_text(seed->job_title);
    user.department = setup_text(seed->department);
    user.is_admin = seed->is_admin;
    user.groups = &group;
    user.n_groups = 1;
    request.user = &user;
    request.password = password.text;

    error = setup_call(cli, client, method, &request.base, tenant_domain, token);
    password_end(&password, error);
    setup_report("user", seed->email, error, method, tenant_domain);
}

/* Ends the session, which was for this run only. */
static void
sign_out(const Cli *cli, CiqClient *client, const char *token)
{
    CiqLogoutRequest request = CLIENTIQ__V1__LOGOUT_REQUEST__INIT;

    ciq_error_free(setup_call(cli, client, method_by_name("UserService/Logout"), &request.base,
                              tenant_domain, token));
}

int
command_seed(Cli *cli)
{
    CiqClient *client;
    char *token;

    if (cli->words_count != 1)
        die_usage("seed takes no other words");
    client = cli_client(cli);
    token = sign_in(cli, client);
    printf("%-10s %-26s %s\n", "user", admin_email, "kept");
    for (size_t i = 0; i < sizeof seed_groups / sizeof *seed_groups; i++)
        make_group(cli, client, token, &seed_groups[i]);
    for (size_t i = 0; i < sizeof seed_users / sizeof *seed_users; i++)
        make_user(cli, client, token, &seed_users[i]);
    sign_out(cli, client, token);
    free(token);
    ciq_client_free(client);
    fprintf(stderr, "passwords are kept in %s\n", state_path("passwords"));
    return 0;
}
