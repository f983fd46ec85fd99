/* setup and seed: a platform and a tenant to try things with, as the Django original's setup_simple and
 * simple_seed made them.  Both may be repeated: what exists is kept.  Passwords are random, shown once, and
 * kept in a file of the user's own.  */
#include "cli.h"
#include "secret.h"
#include "state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char superuser_email[] = "admin@clientiq.localhost";
static const char tenant_domain[] = "acme.localhost";
static const char admin_email[] = "admin@acme.com";

static char *
text(const char *constant)
{
    return (char *) (uintptr_t) constant;
}

/* Says what became of one thing.  True: it was made now. */
static bool
report(const char *what, const char *name, CiqError *error, const char *tenant)
{
    bool made = error == NULL;

    if (error != NULL && ciq_error_code(error) != CODE_ALREADY_EXISTS)
        die_error(error, NULL, tenant);
    ciq_error_free(error);
    printf("%-10s %-26s %s\n", what, name, made ? "made" : "kept");
    return made;
}

static void
show_password(const char *tenant, const char *email, const char *password)
{
    state_keep_password(tenant, email, password);
    printf("%-10s %-26s %s\n", "password", email, password);
}

static void
make_superuser(const Cli *cli, CiqClient *client)
{
    CiqSuperuser superuser = CLIENTIQ__V1__SUPERUSER__INIT;
    CiqCreateSuperuserRequest request = CLIENTIQ__V1__CREATE_SUPERUSER_REQUEST__INIT;
    CiqError *error = NULL;
    char *password = secret_random();

    superuser.email = text(superuser_email);
    superuser.platform_role = text("owner");
    superuser.can_create_tenants = true;
    request.superuser = &superuser;
    request.password = password;

    ProtobufCMessage *response =
        cli_call(cli, client, method_by_name("UserService/CreateSuperuser"), &request.base, "",
                 NULL, &error);

    if (report("superuser", superuser_email, error, ""))
        show_password("", superuser_email, password);
    ciq_create_superuser_response_free((CiqCreateSuperuserResponse *) response);
    free(password);
}

static void
make_tenant(const Cli *cli, CiqClient *client)
{
    CiqTenant tenant = CLIENTIQ__V1__TENANT__INIT;
    CiqCreateTenantRequest request = CLIENTIQ__V1__CREATE_TENANT_REQUEST__INIT;
    CiqError *error = NULL;
    char *password = secret_random();

    tenant.name = text("ACME Corporation");
    tenant.schema_name = text("acme");
    tenant.contact_email = text(admin_email);
    tenant.industry = text("Technology");
    tenant.company_size = text("51-200");
    request.tenant = &tenant;
    request.domain = text(tenant_domain);
    request.admin_email = text(admin_email);
    request.admin_password = password;

    ProtobufCMessage *response =
        cli_call(cli, client, method_by_name("TenantService/CreateTenant"), &request.base, "", NULL,
                 &error);
    bool made = report("tenant", "acme", error, "");

    printf("%-10s %-26s %s\n", "domain", tenant_domain, made ? "made" : "kept");
    if (made)
        show_password(tenant_domain, admin_email, password);
    ciq_create_tenant_response_free((CiqCreateTenantResponse *) response);
    free(password);
}

int
command_setup(Cli *cli)
{
    CiqClient *client;

    if (cli->words_count != 1)
        die_usage("setup takes no words");
    client = cli_client(cli);
    make_superuser(cli, client);
    make_tenant(cli, client);
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
     {"users.view_customuser", "users.add_customuser", "users.change_customuser", "users.view_group",
      "business.view_company", "business.add_company", "business.change_company",
      "business.delete_company", "business.view_contact", "business.add_contact",
      "business.change_contact", "business.delete_contact"}},
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
    request.email = text(admin_email);
    request.password = text(password);

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
    CiqGroup group = CLIENTIQ__V1__GROUP__INIT;
    CiqCreateGroupRequest request = CLIENTIQ__V1__CREATE_GROUP_REQUEST__INIT;
    CiqError *error = NULL;
    char *permissions[16];

    while (group.n_permissions < 16 && seed->permissions[group.n_permissions] != NULL) {
        permissions[group.n_permissions] = text(seed->permissions[group.n_permissions]);
        group.n_permissions++;
    }
    group.name = text(seed->name);
    group.permissions = permissions;
    request.group = &group;

    ProtobufCMessage *response =
        cli_call(cli, client, method_by_name("UserService/CreateGroup"), &request.base,
                 tenant_domain, token, &error);

    report("group", seed->name, error, tenant_domain);
    ciq_create_group_response_free((CiqCreateGroupResponse *) response);
}

static void
make_user(const Cli *cli, CiqClient *client, const char *token, const SeedUser *seed)
{
    CiqUser user = CLIENTIQ__V1__USER__INIT;
    CiqCreateUserRequest request = CLIENTIQ__V1__CREATE_USER_REQUEST__INIT;
    CiqError *error = NULL;
    char *password = secret_random(), *group = text(seed->group);

    user.email = text(seed->email);
    user.first_name = text(seed->first_name);
    user.last_name = text(seed->last_name);
    user.job_title = text(seed->job_title);
    user.department = text(seed->department);
    user.is_admin = seed->is_admin;
    user.groups = &group;
    user.n_groups = 1;
    request.user = &user;
    request.password = password;

    ProtobufCMessage *response =
        cli_call(cli, client, method_by_name("UserService/CreateUser"), &request.base,
                 tenant_domain, token, &error);

    if (report("user", seed->email, error, tenant_domain))
        show_password(tenant_domain, seed->email, password);
    ciq_create_user_response_free((CiqCreateUserResponse *) response);
    free(password);
}

int
command_seed(Cli *cli)
{
    CiqClient *client;
    char *token;

    if (cli->words_count != 1)
        die_usage("seed takes no words");
    client = cli_client(cli);
    token = sign_in(cli, client);
    printf("%-10s %-26s %s\n", "user", admin_email, "kept");
    for (size_t i = 0; i < sizeof seed_groups / sizeof *seed_groups; i++)
        make_group(cli, client, token, &seed_groups[i]);
    for (size_t i = 0; i < sizeof seed_users / sizeof *seed_users; i++)
        make_user(cli, client, token, &seed_users[i]);
    free(token);
    ciq_client_free(client);
    fprintf(stderr, "passwords are kept in %s\n", state_path("passwords"));
    return 0;
}
