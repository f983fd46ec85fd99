/* Who owns a customer's domain: proved by a TXT record, which a real DNS server (dnsmasq) has or
 * has not.  */
#include "harness/harness.h"

#include "server/tenant/dns.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <pwd.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- the DNS server ---- */

typedef struct Dns {
    pid_t pid; /* 0: none runs */
    int port;
    char folder[64], address[32];
} Dns;

typedef struct Proof {
    World *world;
    Dns dns;
} Proof;

/* A port that is free for both protocols now; somebody may be quicker, so whoever uses it tries
 * again. */
static int
free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int stream = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_int_equal(bind(stream, (struct sockaddr *) &address, size), 0);
    assert_int_equal(getsockname(stream, (struct sockaddr *) &address, &size), 0);
    close(stream);
    return ntohs(address.sin_port);
}

static void
dns_stop(Dns *dns)
{
    if (dns->pid == 0)
        return;
    kill(dns->pid, SIGKILL);
    waitpid(dns->pid, NULL, 0);
    dns->pid = 0;
}

static void
dns_write(const Dns *dns, const char *records)
{
    char path[96];

    snprintf(path, sizeof path, "%s/dns.conf", dns->folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fprintf(
        file,
        "port=%d\nlisten-address=127.0.0.1\nbind-interfaces\nno-resolv\nno-hosts\nuser=%s\npid-file=%s/pid\n"
        "log-facility=%s/log\nlocal=/proof.example/\ntxt-record=ready.proof.example,%d\n%s",
        dns->port, getpwuid(geteuid())->pw_name, dns->folder, dns->folder, dns->port, records);
    fclose(file);
}

/* It answers, or it has ended because the port is not free after all. */
static bool
dns_has_begun(void *argument)
{
    Dns *dns = argument;
    char port[16];
    DnsQuestion question = {.name = "ready.proof.example", .value = port};

    snprintf(port, sizeof port, "%d", dns->port);
    if (waitpid(dns->pid, NULL, WNOHANG) == dns->pid) {
        dns->pid = 0;
        return true;
    }
    dns_find_txt(dns->address, 500, NULL, &question, 1);
    return question.result == DNS_FOUND;
}

static void
dns_start(Dns *dns, const char *records)
{
    char option[128];

    dns_write(dns, records);
    snprintf(option, sizeof option, "--conf-file=%s/dns.conf", dns->folder);
    char *arguments[] = {TEXT("dnsmasq"), TEXT("--keep-in-foreground"), option, NULL};
    char *path =
        access("/usr/sbin/dnsmasq", X_OK) == 0 ? TEXT("/usr/sbin/dnsmasq") : TEXT("dnsmasq");
    assert_int_equal(posix_spawnp(&dns->pid, path, NULL, NULL, arguments, environ), 0);
    wait_until("the DNS server to answer", dns_has_begun, dns);
}

/* The same server with other records. */
static void
dns_change(Dns *dns, const char *records)
{
    dns_stop(dns);
    for (int i = 0; i < 50 && dns->pid == 0; i++)
        dns_start(dns, records);
    assert_true(dns->pid != 0);
}

static void
dns_new(Dns *dns)
{
    folder_new(dns->folder);
    for (int i = 0; i < 50 && dns->pid == 0; i++) {
        dns->port = free_port();
        snprintf(dns->address, sizeof dns->address, "127.0.0.1:%d", dns->port);
        dns_start(dns, "");
    }
    assert_true(dns->pid != 0);
}

static const char *dns_address; /* for ask_for_proofs, which has no argument for it */

static void
ask_for_proofs(Config *config)
{
    setting_set(&config->verify_domains, "on");
    setting_set(&config->dns_server, dns_address);
    config->dns_timeout_ms = 1000;
    setting_set(&config->public_host, "server.clientiq.example");
    setting_set(&config->base_domain, "clientiq.example");
}

static int
proof_setup(void **state)
{
    Proof *proof = calloc(1, sizeof *proof);
    void *world;

    assert_non_null(proof);
    dns_new(&proof->dns);
    dns_address = proof->dns.address;
    world_up(&world, ask_for_proofs);
    proof->world = world;
    *state = proof;
    return 0;
}

static int
proof_teardown(void **state)
{
    Proof *proof = *state;
    void *world = proof->world;

    world_teardown(&world);
    dns_stop(&proof->dns);
    folder_remove(proof->dns.folder);
    free(proof);
    return 0;
}

/* ---- what the tests say ---- */

static void
claim(Proof *proof, const char *domain, const char *schema)
{
    expect_json(proof->world->platform, "TenantService/AddDomain", CODE_OK, NULL,
                "{\"domain\": {\"domain\": \"%s\", \"schema_name\": \"%s\"}}", domain, schema);
}

/* One column of a claim. */
static const char *
claim_value(Proof *proof, const char *domain, const char *schema, const char *column)
{
    return database_value(
        &proof->world->database,
        "select %s from public.tenants_domain d where domain = '%s' and tenant_id = (select "
        "id from public.tenants_tenant where schema_name = '%s')",
        column, domain, schema);
}

/* The record that proves a claim, as a line for the DNS server. */
static void
record_of(Proof *proof, const char *domain, const char *schema, char *line, size_t size)
{
    snprintf(line, size, "%s\n",
             claim_value(proof, domain, schema, "'txt-record=' || txt_name || ',' || txt_value"));
}

typedef struct Look {
    Proof *proof;
    const char *domain, *schema;
    char before[64];
} Look;

static bool
has_looked(void *argument)
{
    Look *look = argument;

    return strcmp(claim_value(look->proof, look->domain, look->schema,
                              "coalesce(check_time::text, '')"),
                  look->before) != 0 &&
           strcmp(claim_value(look->proof, look->domain, look->schema,
                              "coalesce(next_time > now(), true)"),
                  "t") == 0;
}

/* Asks for a look at DNS, waits for its end, and compares what is then known: "state: text". */
static void
assert_look(Proof *proof, const char *domain, const char *schema, const char *expected)
{
    Look look = {.proof = proof, .domain = domain, .schema = schema};

    snprintf(look.before, sizeof look.before, "%s",
             claim_value(proof, domain, schema, "coalesce(check_time::text, '')"));
    expect_json(proof->world->platform, "TenantService/VerifyDomain", CODE_OK, NULL,
                "{\"domain\": \"%s\", \"schema_name\": \"%s\"}", domain, schema);
    wait_until("a look at DNS", has_looked, &look);
    assert_string_equal(claim_value(proof, domain, schema, "state || ': ' || check_text"),
                        expected);
}

static Code
code_for_host(Proof *proof, const char *host)
{
    return call_code(proof->world->platform, "TenantService/ResolveDomain", "{\"host\": \"%s\"}",
                     host);
}

static void
assert_explained(Proof *proof, const char *host, const char *routes, const char *text)
{
    CiqError *error = NULL;
    json_t *answer = call_json(proof->world->platform, "TenantService/ExplainDomain", &error,
                               "{\"host\": \"%s\"}", host);

    assert_ok(error);
    assert_string_equal(json_at(answer, "routes"), routes);
    assert_string_equal(json_at(answer, "steps.2.step"), "ownership");
    if (strstr(json_at(answer, "steps.2.text"), text) == NULL)
        fail_msg("%s: %s", host, json_at(answer, "steps.2.text"));
    json_decref(answer);
}

/* ---- claims ---- */

static void
test_claim__leads_nowhere_until_it_is_proved(void **state)
{
    Proof *proof = *state;
    World *world = proof->world;
    CiqError *error = NULL;
    json_t *added =
        call_json(world->platform, "TenantService/AddDomain", &error,
                  "{\"domain\": {\"domain\": \"App.AcmeCorp.com\", \"schema_name\": \"acme\"}}");

    assert_ok(error);
    assert_string_equal(json_at(added, "domain.state"), "DOMAIN_STATE_PENDING");
    assert_string_equal(json_at(added, "domain.txt_name"), "_clientiq-challenge.app.acmecorp.com");
    assert_non_null(strstr(json_at(added, "domain.txt_value"), "clientiq-verify="));

    const char missing[] = "the domain app.acmecorp.com is not verified: its TXT record "
                           "_clientiq-challenge.app.acmecorp.com is missing";
    ciq_client_set_tenant(world->acme, "app.acmecorp.com");
    for (int i = 0; i < 3; i++) { /* also when memory knows */
        assert_null(user_get(world->acme, 1, &error));
        assert_code(error, CODE_FAILED_PRECONDITION, missing);
        error = NULL;
        expect_json(world->platform, "TenantService/ResolveDomain", CODE_FAILED_PRECONDITION,
                    missing, "{\"host\": \"app.acmecorp.com:443\"}");
    }
    expect_json(world->platform, "TenantService/SetPrimaryDomain", CODE_FAILED_PRECONDITION,
                "is not verified", "{\"domain\": \"app.acmecorp.com\"}");
    assert_explained(proof, "app.acmecorp.com", "false", "domain verify app.acmecorp.com");
    assert_explained(proof, "app.acmecorp.com", "false", json_at(added, "domain.txt_value"));
    assert_explained(proof, "acme.localhost", "true", "a development domain needs no proof");

    json_t *records = call_json(world->platform, "TenantService/ListDomainRecords", &error,
                                "{\"domain\": \"app.acmecorp.com\"}");
    assert_ok(error);
    assert_string_equal(json_at(records, "records"), "2");
    assert_string_equal(json_at(records, "records.0.type"), "TXT");
    assert_string_equal(json_at(records, "records.0.name"),
                        "_clientiq-challenge.app.acmecorp.com.");
    char value[128];
    snprintf(value, sizeof value, "%s", json_at(records, "records.0.value"));
    assert_string_equal(value, json_at(added, "domain.txt_value"));
    assert_string_equal(json_at(records, "records.1.type"), "CNAME");
    json_decref(records);
    json_decref(added);

    /* the server is asked for a name that it knows nothing about, and nothing follows from that */
    assert_look(proof, "app.acmecorp.com", "acme", "pending: no DNS server has an answer");

    char line[256];
    record_of(proof, "app.acmecorp.com", "acme", line, sizeof line);
    dns_change(&proof->dns, line);
    assert_look(proof, "app.acmecorp.com", "acme", "verified: the record is there");
    assert_int_equal(user_count(world->acme, world_email), 1);
    ciq_client_set_tenant(world->acme, "acme.localhost");
    assert_int_equal(code_for_host(proof, "app.acmecorp.com"), CODE_OK);
    assert_explained(proof, "app.acmecorp.com", "true", "proves it");
    assert_string_equal(
        claim_value(
            proof, "app.acmecorp.com", "acme",
            "next_time between now() + interval '23 hours' and now() + interval '24 hours'"),
        "t");
}

static void
test_record__exactly_and_among_others(void **state)
{
    Proof *proof = *state;
    char value[128], records[16384], *end = records;

    claim(proof, "exact.proof.example", "acme");
    snprintf(value, sizeof value, "%s",
             claim_value(proof, "exact.proof.example", "acme", "txt_value"));
    assert_look(proof, "exact.proof.example", "acme", "pending: there is no such name");
    snprintf(records, sizeof records,
             "txt-record=_clientiq-challenge.exact.proof.example,%sx\n"
             "txt-record=_clientiq-challenge.exact.proof.example,%.*s\n"
             "txt-record=exact.proof.example,%s\n",
             value, (int) strlen(value) - 1, value, value);
    dns_change(&proof->dns, records);
    assert_look(proof, "exact.proof.example", "acme",
                "pending: of 2 TXT records of this name none has the value");

    /* far more than a datagram holds, and the value in pieces, behind another name */
    for (int i = 0; i < 60; i++)
        end += snprintf(end, sizeof records - (size_t) (end - records),
                        "txt-record=_clientiq-challenge.exact.proof.example,number %d and %0200d\n",
                        i, i);
    snprintf(end, sizeof records - (size_t) (end - records),
             "txt-record=_clientiq-challenge.exact.proof.example,%.10s,%s\n", value, value + 10);
    dns_change(&proof->dns, records);
    assert_look(proof, "exact.proof.example", "acme", "verified: the record is there");
}

static void
test_pending__waits_longer_each_time_and_gives_up(void **state)
{
    Proof *proof = *state;
    const char seconds[] = "round(extract(epoch from next_time - check_time))::int";

    claim(proof, "late.proof.example", "acme");
    dns_change(&proof->dns, "");
    assert_look(proof, "late.proof.example", "acme", "pending: there is no such name");
    database_value(
        &proof->world->database,
        "update public.tenants_domain set attempts = 0 where domain = 'late.proof.example'");
    assert_look(proof, "late.proof.example", "acme", "pending: there is no such name");
    assert_string_equal(claim_value(proof, "late.proof.example", "acme", seconds), "60");
    assert_look(proof, "late.proof.example", "acme", "pending: there is no such name");
    assert_string_equal(claim_value(proof, "late.proof.example", "acme", seconds), "120");
    database_value(
        &proof->world->database,
        "update public.tenants_domain set attempts = 1000 where domain = 'late.proof.example'");
    assert_look(proof, "late.proof.example", "acme", "pending: there is no such name");
    assert_string_equal(claim_value(proof, "late.proof.example", "acme", seconds), "86400");

    database_value(&proof->world->database,
                   "update public.tenants_domain set claim_time = now() - interval "
                   "'14 days 1 s' where domain = 'late.proof.example'");
    assert_look(proof, "late.proof.example", "acme", "failed: there is no such name");
    assert_string_equal(claim_value(proof, "late.proof.example", "acme", "next_time is null"), "t");
    assert_int_equal(code_for_host(proof, "late.proof.example"), CODE_FAILED_PRECONDITION);

    /* claiming it again begins again */
    assert_look(proof, "late.proof.example", "acme", "pending: there is no such name");
    char line[256];
    record_of(proof, "late.proof.example", "acme", line, sizeof line);
    dns_change(&proof->dns, line);
    assert_look(proof, "late.proof.example", "acme", "verified: the record is there");
}

/* What nobody knows decides nothing, however long it lasts; what is known to be gone is borne for
 * some days. */
static void
test_verified__its_record_is_gone(void **state)
{
    Proof *proof = *state;
    char line[256];

    claim(proof, "gone.proof.example", "acme");
    record_of(proof, "gone.proof.example", "acme", line, sizeof line);
    dns_change(&proof->dns, line);
    assert_look(proof, "gone.proof.example", "acme", "verified: the record is there");

    dns_stop(&proof->dns);
    assert_look(proof, "gone.proof.example", "acme", "verified: no DNS server has an answer");
    database_value(&proof->world->database,
                   "update public.tenants_domain set verify_time = now() - interval "
                   "'300 days' where domain = 'gone.proof.example'");
    assert_look(proof, "gone.proof.example", "acme", "verified: no DNS server has an answer");
    assert_string_equal(claim_value(proof, "gone.proof.example", "acme", "missing_time is null"),
                        "t");

    dns_change(&proof->dns, "");
    assert_look(proof, "gone.proof.example", "acme", "verified: there is no such name");
    assert_explained(proof, "gone.proof.example", "true", "is gone (there is no such name)");
    database_value(&proof->world->database,
                   "update public.tenants_domain set missing_time = now() - interval "
                   "'6 days' where domain = 'gone.proof.example'");
    assert_look(proof, "gone.proof.example", "acme", "verified: there is no such name");
    assert_int_equal(code_for_host(proof, "gone.proof.example"), CODE_OK);

    /* it comes back, and the days are counted anew */
    dns_change(&proof->dns, line);
    assert_look(proof, "gone.proof.example", "acme", "verified: the record is there");
    assert_string_equal(claim_value(proof, "gone.proof.example", "acme", "missing_time is null"),
                        "t");

    dns_change(&proof->dns, "");
    assert_look(proof, "gone.proof.example", "acme", "verified: there is no such name");
    assert_int_equal(code_for_host(proof, "gone.proof.example"), CODE_OK);
    database_value(&proof->world->database,
                   "update public.tenants_domain set missing_time = now() - interval "
                   "'7 days 1 s' where domain = 'gone.proof.example'");
    assert_look(proof, "gone.proof.example", "acme", "failed: there is no such name");
    assert_int_equal(code_for_host(proof, "gone.proof.example"), CODE_FAILED_PRECONDITION);
}

/* A claim keeps nobody from a domain: whoever proves it has it. */
static void
test_claims__of_two_tenants(void **state)
{
    Proof *proof = *state;
    CiqClient *platform = proof->world->platform;
    char first[256], second[256], both[512];

    claim(proof, "wanted.proof.example", "acme");
    claim(proof, "wanted.proof.example", "techcorp");
    record_of(proof, "wanted.proof.example", "acme", first, sizeof first);
    record_of(proof, "wanted.proof.example", "techcorp", second, sizeof second);
    assert_string_not_equal(first, second);
    expect_json(platform, "TenantService/AddDomain", CODE_ALREADY_EXISTS, "domain is taken already",
                "{\"domain\": {\"domain\": \"wanted.proof.example\", \"schema_name\": \"acme\"}}");
    expect_json(
        platform, "TenantService/VerifyDomain", CODE_FAILED_PRECONDITION,
        "2 tenants claim the domain wanted.proof.example: schema_name must say which one is meant",
        "{\"domain\": \"wanted.proof.example\"}");
    expect_json(platform, "TenantService/RemoveDomain", CODE_FAILED_PRECONDITION, "2 tenants claim",
                "{\"domain\": \"wanted.proof.example\"}");
    expect_json(platform, "TenantService/ListDomainRecords", CODE_FAILED_PRECONDITION,
                "2 tenants claim", "{\"domain\": \"wanted.proof.example\"}");
    expect_json(platform, "TenantService/ListDomainRecords", CODE_OK, NULL,
                "{\"domain\": \"wanted.proof.example\", \"schema_name\": \"techcorp\"}");
    assert_explained(proof, "wanted.proof.example", "false", "other tenants claim the domain, too");

    /* the record of one tenant proves nothing for the other */
    dns_change(&proof->dns, second);
    assert_look(proof, "wanted.proof.example", "acme",
                "pending: of 1 TXT records of this name none has the value");
    assert_look(proof, "wanted.proof.example", "techcorp", "verified: the record is there");
    CiqError *error = NULL;
    json_t *resolved = call_json(platform, "TenantService/ResolveDomain", &error,
                                 "{\"host\": \"wanted.proof.example\"}");
    assert_ok(error);
    assert_string_equal(json_at(resolved, "domain.schema_name"), "techcorp");
    json_decref(resolved);
    tenant_new(platform, "third");
    expect_json(platform, "TenantService/AddDomain", CODE_ALREADY_EXISTS, "domain is taken already",
                "{\"domain\": {\"domain\": \"wanted.proof.example\", \"schema_name\": \"third\"}}");

    /* the second proof waits until the first is lost */
    snprintf(both, sizeof both, "%s%s", first, second);
    dns_change(&proof->dns, both);
    assert_look(proof, "wanted.proof.example", "acme",
                "pending: the record is there, but another tenant has the domain");
    expect_json(platform, "TenantService/RemoveDomain", CODE_OK, NULL,
                "{\"domain\": \"wanted.proof.example\"}");
    assert_string_equal(claim_value(proof, "wanted.proof.example", "techcorp", "id"), "");
    assert_int_equal(code_for_host(proof, "wanted.proof.example"), CODE_FAILED_PRECONDITION);
    assert_look(proof, "wanted.proof.example", "acme", "verified: the record is there");
    resolved = call_json(platform, "TenantService/ResolveDomain", &error,
                         "{\"host\": \"wanted.proof.example\"}");
    assert_ok(error);
    assert_string_equal(json_at(resolved, "domain.schema_name"), "acme");
    json_decref(resolved);
}

/* ---- what needs no proof, and what had none ---- */

static void
test_verify_domain__nothing_to_prove(void **state)
{
    Proof *proof = *state;
    CiqClient *platform = proof->world->platform;
    static const char *const domains[] = {"acme.localhost", "acme.clientiq.example"};

    claim(proof, "acme.clientiq.example", "acme");
    for (size_t i = 0; i < 2; i++) {
        CiqError *error = NULL;
        CiqVerifyDomainRequest request = CLIENTIQ__V1__VERIFY_DOMAIN_REQUEST__INIT;

        request.domain = TEXT(domains[i]);
        CiqVerifyDomainResponse *response = ciq_verify_domain(platform, &request, &error);
        assert_ok(error);
        assert_int_equal(response->domain->state,
                         CLIENTIQ__V1__DOMAIN_STATE__DOMAIN_STATE_VERIFIED);
        assert_string_equal(response->domain->txt_name, "");
        ciq_verify_domain_response_free(response);
        assert_string_equal(claim_value(proof, domains[i], "acme", "next_time is null"), "t");
        assert_int_equal(code_for_host(proof, domains[i]), CODE_OK);
    }
    expect_json(platform, "TenantService/VerifyDomain", CODE_NOT_FOUND, "no domain nobody.example",
                "{\"domain\": \"nobody.example\"}");
    expect_json(platform, "TenantService/VerifyDomain", CODE_INVALID_ARGUMENT, "domain",
                "{\"domain\": \"*.example\"}");
    expect_json(
        platform, "TenantService/AddDomain", CODE_INVALID_ARGUMENT,
        "domain must be at most 233 characters",
        "{\"domain\": {\"domain\": \"%060d.%060d.%060d.%060d.ab\", \"schema_name\": \"acme\"}}", 1,
        1, 1, 1);
}

/* A domain from before there were proofs goes on leading to its tenant; what proves it later
 * counts. */
static void
test_verified__without_a_proof(void **state)
{
    Proof *proof = *state;
    char line[256];

    database_value(
        &proof->world->database,
        "insert into public.tenants_domain (tenant_id, domain) select id, 'old.proof.example' from "
        "public.tenants_tenant where schema_name = 'acme'");
    assert_int_equal(code_for_host(proof, "old.proof.example"), CODE_OK);
    assert_explained(proof, "old.proof.example", "true", "without a proof");
    dns_change(&proof->dns, "");
    assert_look(proof, "old.proof.example", "acme", "verified: there is no such name");
    assert_look(proof, "old.proof.example", "acme", "verified: there is no such name");
    assert_string_equal(claim_value(proof, "old.proof.example", "acme",
                                    "next_time is null and missing_time is null"),
                        "t");
    record_of(proof, "old.proof.example", "acme", line, sizeof line);
    dns_change(&proof->dns, line);
    assert_look(proof, "old.proof.example", "acme", "verified: the record is there");
    assert_explained(proof, "old.proof.example", "true", "proves it");
}

/* ---- tenants ---- */

static void
test_create_tenant__with_a_domain_to_prove(void **state)
{
    Proof *proof = *state;
    CiqClient *platform = proof->world->platform;
    char line[256];

    expect_json(
        platform, "TenantService/CreateTenant", CODE_OK, NULL,
        "{\"tenant\": {\"name\": \"Own\", \"schema_name\": \"own\"}, \"domain\": \"own.proof.example\", "
        "\"admin_email\": \"%s\", \"admin_password\": \"%s\"}",
        world_email, world_password);
    assert_int_equal(code_for_host(proof, "own.proof.example"), CODE_FAILED_PRECONDITION);
    CiqClient *client = sign_in(&proof->world->server, "own", world_email, world_password);
    record_of(proof, "own.proof.example", "own", line, sizeof line);
    dns_change(&proof->dns, line);
    assert_look(proof, "own.proof.example", "own", "verified: the record is there");
    ciq_client_set_tenant(client, "own.proof.example");
    assert_int_equal(user_count(client, world_email), 1);
    ciq_client_free(client);
    expect_json(
        platform, "TenantService/CreateTenant", CODE_ALREADY_EXISTS, "domain is taken already",
        "{\"tenant\": {\"name\": \"Own\", \"schema_name\": \"own2\"}, \"domain\": \"own.proof.example\", "
        "\"admin_email\": \"%s\"}",
        world_email);

    /* a deleted tenant's domains are reserved as they are, and nobody looks at them */
    expect_json(platform, "TenantService/DeleteTenant", CODE_OK, NULL,
                "{\"schema_name\": \"own\"}");
    database_value(
        &proof->world->database,
        "update public.tenants_domain set next_time = now() - interval '1 hour', check_time = null "
        "where domain = 'own.proof.example'");
    expect_json(platform, "TenantService/VerifyDomain", CODE_NOT_FOUND,
                "no domain own.proof.example", "{\"domain\": \"own.proof.example\"}");
    assert_int_equal(code_for_host(proof, "own.proof.example"), CODE_NOT_FOUND);
    claim(proof, "other.proof.example", "acme");
    assert_look(proof, "other.proof.example", "acme", "pending: there is no such name");
    assert_string_equal(database_value(&proof->world->database,
                                       "select check_time is null from "
                                       "public.tenants_domain where domain = 'own.proof.example'"),
                        "t");
    expect_json(platform, "TenantService/UndeleteTenant", CODE_OK, NULL,
                "{\"schema_name\": \"own\"}");
    assert_int_equal(code_for_host(proof, "own.proof.example"), CODE_OK);
}

static void
test_list_domains__by_state(void **state)
{
    Proof *proof = *state;
    CiqClient *platform = proof->world->platform;
    CiqError *error = NULL;
    char token[600] = "";
    size_t seen = 0;

    tenant_new(platform, "lists");
    for (int i = 0; i < 3; i++) {
        char domain[64];

        snprintf(domain, sizeof domain, "l%d.proof.example", i);
        claim(proof, domain, "lists");
        claim(proof, domain, "techcorp");
    }
    /* two claims of one domain are two rows, and a page may end between them */
    do {
        json_t *page = call_json(
            platform, "TenantService/ListDomains", &error,
            "{\"state\": \"DOMAIN_STATE_PENDING\", \"page_size\": 1, \"page_token\": \"%s\"}",
            token);
        assert_ok(error);
        seen +=
            strstr(json_at(page, "domains.0.domain"), "l") == json_at(page, "domains.0.domain") &&
            strstr(json_at(page, "domains.0.domain"), ".proof.example") ==
                json_at(page, "domains.0.domain") + 2;
        snprintf(token, sizeof token, "%s", json_at(page, "next_page_token"));
        json_decref(page);
    } while (token[0] != '\0');
    assert_int_equal(seen, 6);
    json_t *verified =
        call_json(platform, "TenantService/ListDomains", &error,
                  "{\"state\": \"DOMAIN_STATE_VERIFIED\", \"schema_name\": \"lists\"}");
    assert_ok(error);
    assert_string_equal(json_at(verified, "domains"), "1");
    json_decref(verified);
}

/* A server that cannot know whom to ask does not start; one that asks nobody takes what is claimed.
 */
static void
test_settings(void **state)
{
    Proof *proof = *state;
    TestServer other;

    server_up(&other, &proof->world->database, NULL); /* with --verify-domains off */
    CiqClient *platform = operator_new(&other);
    claim(proof, "later.proof.example", "acme");
    expect_json(platform, "TenantService/VerifyDomain", CODE_OK, NULL,
                "{\"domain\": \"later.proof.example\"}");
    expect_json(platform, "TenantService/ResolveDomain", CODE_OK, NULL,
                "{\"host\": \"later.proof.example\"}");
    expect_json(platform, "TenantService/AddDomain", CODE_OK, NULL,
                "{\"domain\": {\"domain\": \"free.proof.example\", \"schema_name\": \"acme\"}}");
    assert_string_equal(claim_value(proof, "free.proof.example", "acme",
                                    "state || coalesce(verify_time::text, ', never proved')"),
                        "verified, never proved");
    ciq_client_free(platform);
    Config config = other.config;
    config.verify_domains = "on";
    config.dns_server = "dns.example.com";
    assert_null(server_start(&config));
    server_down(&other);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_claim__leads_nowhere_until_it_is_proved),
        cmocka_unit_test(test_record__exactly_and_among_others),
        cmocka_unit_test(test_pending__waits_longer_each_time_and_gives_up),
        cmocka_unit_test(test_verified__its_record_is_gone),
        cmocka_unit_test(test_claims__of_two_tenants),
        cmocka_unit_test(test_verify_domain__nothing_to_prove),
        cmocka_unit_test(test_verified__without_a_proof),
        cmocka_unit_test(test_create_tenant__with_a_domain_to_prove),
        cmocka_unit_test(test_list_domains__by_state),
        cmocka_unit_test(test_settings),
    };

    return run_cases(tests, proof_setup, proof_teardown);
}
