/* Demo requests: taken from anybody within limits, worked on, and converted into tenants, once. The
 * mail with the invitation is a file here; tests/fault/test_mail.c has the SMTP server.  */
#include "harness/harness.h"

#include <glob.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char mail_folder[64];

static int
demo_setup(void **state)
{
    World *world;

    world_setup(state);
    world = *state;
    folder_new(mail_folder);
    setting_set(&world->server.config.mail_dir, mail_folder);
    world->server.config.demo_per_origin = 1000;
    return 0;
}

static int
demo_teardown(void **state)
{
    world_teardown(state);
    folder_remove(mail_folder);
    return 0;
}

/* Over tcp://, because whoever comes over ipc:// is the local operator here. */
static CiqClient *
stranger_new(World *world)
{
    CiqError *error = NULL;
    CiqClient *client =
        ciq_client_new(&(CiqOptions){.urls = world->server.tcp, .attempts_max = 1}, &error);

    assert_ok(error);
    return client;
}

static CiqCreateDemoRequestResponse *
create(CiqClient *client, const char *company, const char *email, CiqError **error)
{
    CiqDemoRequest demo = CLIENTIQ__V1__DEMO_REQUEST__INIT;
    CiqCreateDemoRequestRequest request = CLIENTIQ__V1__CREATE_DEMO_REQUEST_REQUEST__INIT;

    demo.company_name = TEXT(company);
    demo.first_name = TEXT("Dora");
    demo.last_name = TEXT("Demo");
    demo.email = TEXT(email);
    demo.job_title = TEXT("Head of IT");
    demo.industry = TEXT("Mining");
    demo.company_size = TEXT("11-50");
    request.demo_request = &demo;
    return ciq_create_demo_request(client, &request, error);
}

static int64_t
demo_new(World *world, const char *company, const char *email)
{
    CiqError *error = NULL;
    CiqClient *stranger = stranger_new(world);
    CiqCreateDemoRequestResponse *response = create(stranger, company, email, &error);

    assert_ok(error);

    int64_t id = response->id;

    ciq_create_demo_request_response_free(response);
    ciq_client_free(stranger);
    return id;
}

static CiqConvertDemoRequestResponse *
convert(CiqClient *client, int64_t id, const char *schema, CiqError **error)
{
    CiqConvertDemoRequestRequest request = CLIENTIQ__V1__CONVERT_DEMO_REQUEST_REQUEST__INIT;

    request.id = id;
    request.schema_name = TEXT(schema);
    return ciq_convert_demo_request(client, &request, error);
}

static CiqGetDemoRequestResponse *
demo_get(World *world, int64_t id)
{
    CiqError *error = NULL;
    CiqGetDemoRequestRequest request = CLIENTIQ__V1__GET_DEMO_REQUEST_REQUEST__INIT;

    request.id = id;
    CiqGetDemoRequestResponse *response = ciq_get_demo_request(world->platform, &request, &error);

    assert_ok(error);
    return response;
}

static void
assert_state(World *world, int64_t id, Clientiq__V1__DemoState state)
{
    CiqGetDemoRequestResponse *response = demo_get(world, id);

    assert_int_equal(response->demo_request->state, state);
    ciq_get_demo_request_response_free(response);
}

/* The texts of its events, one after the other. */
static void
events(World *world, int64_t id, char texts[2048])
{
    CiqError *error = NULL;
    CiqListDemoEventsRequest request = CLIENTIQ__V1__LIST_DEMO_EVENTS_REQUEST__INIT;

    request.id = id;
    CiqListDemoEventsResponse *response = ciq_list_demo_events(world->platform, &request, &error);

    assert_ok(error);
    texts[0] = '\0';
    for (size_t i = 0; i < response->n_events; i++)
        snprintf(texts + strlen(texts), 2048 - strlen(texts), "%s%s", i > 0 ? " | " : "",
                 response->events[i]->text);
    ciq_list_demo_events_response_free(response);
}

static void
test_create_demo_request__anybody_may_within_limits(void **state)
{
    World *world = *state;
    CiqError *error = NULL;
    CiqClient *stranger = stranger_new(world);

    for (int i = 0; i < 3; i++)
        demo_new(world, "Often Ltd", i == 1 ? "OFTEN@example.com" : "often@example.com");
    assert_null(create(stranger, "Often Ltd", "Often@Example.com", &error));
    assert_true(ciq_error_retry_after_ms(error) > 0);
    assert_code(error, CODE_RESOURCE_EXHAUSTED, "with this e-mail address: 3 in a day");

    /* what is sent in somebody's name takes nothing from them where they are */
    error = NULL;
    CiqClient *owner = ciq_client_new(&(CiqOptions){.urls = world->server.ipc}, &error);

    json_decref(call_json(owner, "TenantService/CreateDemoRequest", &error,
                          "{\"demo_request\": {\"company_name\": \"Often Ltd\", \"first_name\": "
                          "\"A\", \"email\": \"often@example.com\"}}"));
    assert_ok(error);
    ciq_client_free(owner);

    world->server.config.demo_per_origin = 1;
    assert_null(create(stranger, "Other Ltd", "other@example.com", &error));
    assert_code(error, CODE_RESOURCE_EXHAUSTED, "from this address: 1 in an hour");
    world->server.config.demo_per_origin = 1000;

    assert_null(create(stranger, "", "no mail", &error));
    assert_int_equal(ciq_error_violations(error), 2);
    assert_code(error, CODE_INVALID_ARGUMENT, "demo_request.company_name is required");

    /* and nothing else about them */
    CiqListDemoRequestsRequest list = CLIENTIQ__V1__LIST_DEMO_REQUESTS_REQUEST__INIT;
    assert_null(ciq_list_demo_requests(stranger, &list, &error));
    assert_code(error, CODE_UNAUTHENTICATED, NULL);
    assert_null(convert(stranger, 1, "", &error));
    assert_code(error, CODE_UNAUTHENTICATED, NULL);
    ciq_client_free(stranger);
}

static void
test_update_demo_request__moves_on_and_keeps_history(void **state)
{
    World *world = *state;
    CiqError *error = NULL;
    char *paths[] = {TEXT("state"), TEXT("phone")}, texts[2048];
    Google__Protobuf__FieldMask mask = GOOGLE__PROTOBUF__FIELD_MASK__INIT;
    CiqDemoRequest demo = CLIENTIQ__V1__DEMO_REQUEST__INIT;
    CiqUpdateDemoRequestRequest update = CLIENTIQ__V1__UPDATE_DEMO_REQUEST_REQUEST__INIT;
    CiqAddDemoNoteRequest note = CLIENTIQ__V1__ADD_DEMO_NOTE_REQUEST__INIT;
    CiqRejectDemoRequestRequest reject = CLIENTIQ__V1__REJECT_DEMO_REQUEST_REQUEST__INIT;
    int64_t id = demo_new(world, "History Ltd", "history@example.com");

    mask.n_paths = 2;
    mask.paths = paths;
    demo.state = CLIENTIQ__V1__DEMO_STATE__DEMO_STATE_PROCESSING;
    demo.phone = TEXT("+49 30 1");
    update.id = id;
    update.demo_request = &demo;
    update.update_mask = &mask;
    CiqUpdateDemoRequestResponse *updated =
        ciq_update_demo_request(world->platform, &update, &error);
    assert_ok(error);
    assert_string_equal(updated->demo_request->phone, "+49 30 1");
    ciq_update_demo_request_response_free(updated);

    note.id = id;
    note.text = TEXT("called, nobody there");
    ciq_add_demo_note_response_free(ciq_add_demo_note(world->platform, &note, &error));
    assert_ok(error);
    note.id = 424242;
    assert_null(ciq_add_demo_note(world->platform, &note, &error));
    assert_code(error, CODE_NOT_FOUND, "no demo request 424242");

    reject.id = id;
    assert_null(ciq_reject_demo_request(world->platform, &reject, &error));
    assert_code(error, CODE_INVALID_ARGUMENT, "reason is required");
    reject.reason = TEXT("a competitor");
    CiqRejectDemoRequestResponse *rejected =
        ciq_reject_demo_request(world->platform, &reject, &error);
    assert_ok(error);
    assert_string_equal(rejected->demo_request->reject_reason, "a competitor");
    ciq_reject_demo_request_response_free(rejected);
    assert_null(convert(world->platform, id, "", &error));
    assert_code(error, CODE_FAILED_PRECONDITION, "was rejected");

    demo.state = CLIENTIQ__V1__DEMO_STATE__DEMO_STATE_CONVERTED;
    assert_null(ciq_update_demo_request(world->platform, &update, &error));
    assert_code(error, CODE_INVALID_ARGUMENT, "pending, processing or approved only");
    events(world, id, texts);
    assert_string_equal(texts,
                        "pending | processing | called, nobody there | rejected: a competitor");
}

static void
test_list_demo_requests__newest_first(void **state)
{
    World *world = *state;
    CiqError *error = NULL;
    CiqListDemoRequestsRequest request = CLIENTIQ__V1__LIST_DEMO_REQUESTS_REQUEST__INIT;
    int64_t first = demo_new(world, "Listed A", "a@listed.example");
    int64_t second = demo_new(world, "Listed B", "b@listed.example");

    request.search = TEXT("LISTED");
    request.page_size = 1;
    CiqListDemoRequestsResponse *page = ciq_list_demo_requests(world->platform, &request, &error);
    assert_ok(error);
    assert_int_equal(page->demo_requests[0]->id, second);
    char token[512];
    snprintf(token, sizeof token, "%s", page->next_page_token);
    ciq_list_demo_requests_response_free(page);
    request.page_token = token;
    page = ciq_list_demo_requests(world->platform, &request, &error);
    assert_ok(error);
    assert_int_equal(page->demo_requests[0]->id, first);
    assert_string_equal(page->next_page_token, "");
    ciq_list_demo_requests_response_free(page);
    request.state = CLIENTIQ__V1__DEMO_STATE__DEMO_STATE_REJECTED;
    assert_null(ciq_list_demo_requests(world->platform, &request, &error));
    assert_code(error, CODE_INVALID_ARGUMENT, "page_token"); /* another filter's */
}

/* ---- convert ---- */

typedef struct Letter {
    int64_t tenant_id;
    char text[8192];
} Letter;

static bool
has_arrived(void *argument)
{
    Letter *letter = argument;
    char pattern[128];
    glob_t found = {0};
    bool ok = false;

    snprintf(pattern, sizeof pattern, "%s/%lld-*.eml", mail_folder, (long long) letter->tenant_id);
    if (glob(pattern, 0, NULL, &found) == 0 && found.gl_pathc == 1) {
        FILE *file = fopen(found.gl_pathv[0], "r");

        if (file != NULL) {
            size_t size = fread(letter->text, 1, sizeof letter->text - 1, file);

            letter->text[size] = '\0';
            fclose(file);
            ok = true;
        }
    }
    globfree(&found);
    return ok;
}

static void
test_convert__makes_the_tenant_and_mails_the_way_in(void **state)
{
    World *world = *state;
    CiqError *error = NULL;
    int64_t id = demo_new(world, "Dora's <Mine> & Sons", "Dora@mine.example");
    CiqConvertDemoRequestResponse *response = convert(world->platform, id, "", &error);

    assert_ok(error);
    assert_false(response->was_converted);
    assert_string_equal(response->tenant->schema_name, "dora_s_mine_sons");
    assert_string_equal(response->tenant->domain, "dora-s-mine-sons.localhost");
    assert_string_equal(response->tenant->contact_email, "Dora@mine.example");
    assert_string_equal(response->tenant->industry, "Mining");
    assert_int_equal(response->tenant->plan, CLIENTIQ__V1__PLAN__PLAN_TRIAL);
    assert_state(world, id, CLIENTIQ__V1__DEMO_STATE__DEMO_STATE_CONVERTED);

    Letter letter = {.tenant_id = response->tenant->id};
    wait_until("the mail", has_arrived, &letter);
    assert_non_null(strstr(letter.text, "To: Dora@mine.example\r\n"));
    assert_non_null(
        strstr(letter.text, "Subject: Your workspace for Dora's <Mine> & Sons is ready\r\n"));
    assert_non_null(strstr(letter.text, "Dora&#39;s &lt;Mine&gt; &amp; Sons")); /* in HTML */
    assert_non_null(strstr(letter.text, "sign in as Dora@mine.example"));

    /* the link: once, and only for this tenant */
    char token[128];
    const char *start =
        strstr(letter.text, "https://dora-s-mine-sons.localhost/set-password#token=ciq_l_");
    assert_non_null(start);
    start = strstr(start, "ciq_l_");
    snprintf(token, sizeof token, "%.*s", (int) strcspn(start, "\r\n"), start);
    CiqSetPasswordRequest set = CLIENTIQ__V1__SET_PASSWORD_REQUEST__INIT;
    set.link_token = token;
    set.password = TEXT("a-mine-of-gold");
    CiqClient *client = client_new(&world->server, "acme.localhost", NULL);
    assert_null(ciq_set_password(client, &set, &error));
    assert_code(error, CODE_UNAUTHENTICATED, "the link is no longer valid");
    ciq_client_set_tenant(client, response->tenant->domain);
    set.password = TEXT("short");
    assert_null(ciq_set_password(client, &set, &error));
    assert_code(error, CODE_INVALID_ARGUMENT, "password must be 8 to 256 characters");
    set.password = TEXT("a-mine-of-gold");
    CiqSetPasswordResponse *session = ciq_set_password(client, &set, &error);
    assert_ok(error);
    ciq_client_set_token(client, session->token);
    assert_int_equal(user_count(client, "dora@mine"), 1);
    ciq_set_password_response_free(session);
    assert_null(ciq_set_password(client, &set, &error));
    assert_code(error, CODE_UNAUTHENTICATED, "the link is no longer valid");
    ciq_client_free(client);
    ciq_client_free(
        sign_in(&world->server, "dora_s_mine_sons", "dora@mine.example", "a-mine-of-gold"));

    /* the secret itself was kept nowhere */
    assert_string_equal(database_value(&world->database,
                                       "select count(*) from dora_s_mine_sons.core_outbox "
                                       "where parameters::text ~ 'ciq_l_' or sent_time is null"),
                        "0");
    ciq_convert_demo_request_response_free(response);
}

static void
test_convert__is_done_once(void **state)
{
    World *world = *state;
    CiqError *error = NULL;
    int64_t id = demo_new(world, "Once Ltd", "once@example.com");
    CiqConvertDemoRequestResponse *first = convert(world->platform, id, "", &error);

    assert_ok(error);
    CiqConvertDemoRequestResponse *second = convert(world->platform, id, "another_name", &error);
    assert_ok(error);
    assert_true(second->was_converted);
    assert_int_equal(second->tenant->id, first->tenant->id);
    assert_string_equal(second->tenant->schema_name, "once_ltd");
    ciq_convert_demo_request_response_free(first);
    ciq_convert_demo_request_response_free(second);
    assert_string_equal(
        database_value(&world->database, "select count(*) from once_ltd.core_outbox"), "1");
}

typedef struct Converter {
    const TestServer *server;
    int64_t id, tenant_id;
} Converter;

static void *
convert_in_thread(void *argument)
{
    Converter *converter = argument;
    CiqError *error = NULL;
    CiqClient *client =
        ciq_client_new(&(CiqOptions){.urls = converter->server->ipc, .timeout_ms = 60000}, &error);
    CiqConvertDemoRequestResponse *response = convert(client, converter->id, "", &error);

    converter->tenant_id = response != NULL ? response->tenant->id : -1;
    ciq_error_free(error);
    ciq_convert_demo_request_response_free(response);
    ciq_client_free(client);
    return NULL;
}

static void
test_convert__eight_at_once(void **state)
{
    World *world = *state;
    int64_t same = demo_new(world, "Crowd Ltd", "crowd@example.com");
    int64_t namesake = demo_new(world, "Crowd, Ltd.", "crowd2@example.com");
    Converter converters[8];
    pthread_t threads[8];

    for (int i = 0; i < 8; i++) {
        converters[i] = (Converter){&world->server, i < 6 ? same : namesake, 0};
        assert_int_equal(pthread_create(&threads[i], NULL, convert_in_thread, &converters[i]), 0);
    }
    for (int i = 0; i < 8; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < 8; i++) {
        assert_true(converters[i].tenant_id > 0);
        assert_int_equal(converters[i].tenant_id, converters[i < 6 ? 0 : 6].tenant_id);
    }
    assert_true(converters[0].tenant_id != converters[6].tenant_id);
    assert_string_equal(
        database_value(&world->database,
                       "select string_agg(schema_name, ',' order by "
                       "schema_name) from public.tenants_tenant where schema_name like "
                       "'crowd%%'"),
        "crowd_ltd,crowd_ltd_2");
}

static void
test_convert__names(void **state)
{
    static const struct {
        const char *company, *schema;
    } samples[] = {
        {"M\xc3\xbcller & S\xc3\xb6hne GmbH", "muller_sohne_gmbh"},
        {"acme", "acme_2"},
        {"Select", "t_select"},
        {"3M", "t_3m"},
        {"PG Mobile", "t_pg_mobile"},
        {"\xc5\x81\xc3\xb3"
         "d\xc5\xba",
         "lodz"},
        {"Autodiscover", "t_autodiscover"},
        {"Mail", "t_mail"},
        {"a very long name that goes on and on, far beyond",
         "a_very_long_name_that_goes_on_and_on_far"},
    };
    World *world = *state;
    CiqError *error = NULL;

    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        int64_t id = demo_new(world, samples[i].company, "names@names.example");
        database_value(&world->database,
                       "update public.demo_demorequest set email = 'n%zu@names.example' "
                       "where id = %lld",
                       i, (long long) id);
        CiqConvertDemoRequestResponse *response = convert(world->platform, id, "", &error);

        assert_ok(error);
        assert_string_equal(response->tenant->schema_name, samples[i].schema);
        ciq_convert_demo_request_response_free(response);
    }

    /* a name without one Latin letter */
    int64_t id = demo_new(world, "\xe6\x97\xa5\xe6\x9c\xac", "jp@names.example");
    char expected[64];
    CiqConvertDemoRequestResponse *response = convert(world->platform, id, "", &error);
    assert_ok(error);
    snprintf(expected, sizeof expected, "tenant_%lld", (long long) id);
    assert_string_equal(response->tenant->schema_name, expected);
    ciq_convert_demo_request_response_free(response);
}

static void
test_convert__a_failure_is_told_and_leaves_nothing(void **state)
{
    World *world = *state;
    CiqError *error = NULL;
    char texts[2048];
    int64_t id = demo_new(world, "Fail Ltd", "fail@example.com");

    assert_null(convert(world->platform, id, "acme", &error));
    assert_code(error, CODE_ALREADY_EXISTS, "schema_name is taken already");
    assert_state(world, id, CLIENTIQ__V1__DEMO_STATE__DEMO_STATE_FAILED);
    events(world, id, texts);
    assert_string_equal(texts, "pending | failed: schema_name is taken already");
    CiqConvertDemoRequestResponse *response = convert(world->platform, id, "fail_ltd", &error);
    assert_ok(error);
    ciq_convert_demo_request_response_free(response);
    assert_null(convert(world->platform, 424242, "", &error));
    assert_code(error, CODE_NOT_FOUND, "no demo request 424242");
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_create_demo_request__anybody_may_within_limits),
        cmocka_unit_test(test_update_demo_request__moves_on_and_keeps_history),
        cmocka_unit_test(test_list_demo_requests__newest_first),
        cmocka_unit_test(test_convert__makes_the_tenant_and_mails_the_way_in),
        cmocka_unit_test(test_convert__is_done_once),
        cmocka_unit_test(test_convert__eight_at_once),
        cmocka_unit_test(test_convert__names),
        cmocka_unit_test(test_convert__a_failure_is_told_and_leaves_nothing),
    };

    return run_cases(tests, demo_setup, demo_teardown);
}
