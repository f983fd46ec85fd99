/* The outbox and a real SMTP server: TLS, signing in, refusals for now and for good, an end in the
 * middle of a letter and between a letter and its record, two servers, tenants that change before
 * their mail is sent. What is in a letter, and mails as files: tests/rpc/test_demo.c,
 * tests/unit/test_letter.c.  */
#include "harness/harness.h"

#include "server/mail/mail.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { EVENT_MAX_MS = 60000, LINE_SIZE = 1024 };

static char folder[64], certificate[96], key[96], stranger[96], stranger_key[96], password[96];

/* ---- programs ---- */

static void
run_program(char *const arguments[])
{
    posix_spawn_file_actions_t actions;
    int status;
    pid_t pid;

    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    if (posix_spawnp(&pid, arguments[0], &actions, NULL, arguments, environ) != 0)
        fail_msg("%s cannot be run", arguments[0]);
    posix_spawn_file_actions_destroy(&actions);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

/* A child with two pipes, and the part that it has already written of its next line. */
typedef struct Child {
    pid_t pid;
    int in, out;
    char text[LINE_SIZE * 4];
    size_t size;
} Child;

static void
child_start(Child *child, char *const arguments[], int out_number)
{
    int to[2], from[2];
    posix_spawn_file_actions_t actions;

    *child = (Child){0};
    assert_int_equal(pipe2(to, O_CLOEXEC), 0);
    assert_int_equal(pipe2(from, O_CLOEXEC), 0);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, to[0], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, from[1], out_number);
    if (posix_spawn(&child->pid, arguments[0], &actions, NULL, arguments, environ) != 0)
        fail_msg("%s cannot be run", arguments[0]);
    posix_spawn_file_actions_destroy(&actions);
    close(to[0]);
    close(from[1]);
    child->in = to[1];
    child->out = from[0];
}

static void
child_kill(Child *child)
{
    if (child->pid == 0)
        return;
    kill(child->pid, SIGKILL);
    waitpid(child->pid, NULL, 0);
    close(child->in);
    close(child->out);
    *child = (Child){0};
}

static void
tell(Child *child, const char *line)
{
    assert_int_equal(dprintf(child->in, "%s\n", line), (int) strlen(line) + 1);
}

/* The next line that has a word in it, read as an event; lines before it are skipped. */
static const char *
expect_event(Child *child, const char *word)
{
    static char line[LINE_SIZE * 4];
    int64_t until_ms = now_ms() + EVENT_MAX_MS;

    for (;;) {
        char *end = memchr(child->text, '\n', child->size);

        if (end != NULL) {
            size_t size = (size_t) (end - child->text);

            memcpy(line, child->text, size);
            line[size] = '\0';
            child->size -= size + 1;
            memmove(child->text, end + 1, child->size);
            if (strstr(line, word) != NULL)
                return line;
            continue;
        }

        struct pollfd readable = {.fd = child->out, .events = POLLIN};
        ssize_t got;

        if (child->size == sizeof child->text) /* one line of a log that nobody waits for */
            child->size = 0;
        if (now_ms() > until_ms || poll(&readable, 1, 1000) < 0)
            fail_msg("no \"%s\" after %d ms", word, EVENT_MAX_MS);
        if ((readable.revents & (POLLIN | POLLHUP)) == 0)
            continue;
        got = read(child->out, child->text + child->size, sizeof child->text - child->size);
        if (got <= 0)
            fail_msg("it ended before \"%s\"", word);
        child->size += (size_t) got;
    }
}

/* ---- the SMTP server ---- */

static int smtp_port;
static bool with_tls, with_login;

static void
smtp_start(Child *smtp)
{
    static char program[] = CIQ_SOURCE_DIR "/tests/harness/smtp_server";
    char port[16], login[] = "ann:right horse";
    char *arguments[12] = {program, folder, TEXT("--port"), port};
    int count = 4;

    snprintf(port, sizeof port, "%d", smtp_port);
    if (with_tls) {
        arguments[count++] = TEXT("--certificate");
        arguments[count++] = certificate;
        arguments[count++] = TEXT("--key");
        arguments[count++] = key;
    }
    if (with_login) {
        arguments[count++] = TEXT("--login");
        arguments[count++] = login;
    }
    child_start(smtp, arguments, STDOUT_FILENO);
    smtp_port = atoi(expect_event(smtp, "port ") + 5);
    assert_true(smtp_port > 0);
}

typedef struct Arrived {
    char text[16384], envelope[LINE_SIZE];
    char message_id[256], link[256];
} Arrived;

static void
copy_line(const char *text, const char *start, char *line, size_t size)
{
    const char *found = strstr(text, start);

    assert_non_null(found);
    snprintf(line, size, "%.*s", (int) strcspn(found, "\r\n"), found);
}

/* The next letter that the SMTP server was given, whatever it answers. */
static void
receive(Child *smtp, Arrived *arrived)
{
    char path[LINE_SIZE];
    const char *line = expect_event(smtp, "mail ");
    size_t size;
    FILE *file;

    assert_int_equal(sscanf(line, "mail %1000s", path), 1);
    snprintf(arrived->envelope, sizeof arrived->envelope, "%s", line + 5 + strlen(path) + 1);
    file = fopen(path, "r");
    assert_non_null(file);
    size = fread(arrived->text, 1, sizeof arrived->text - 1, file);
    fclose(file);
    arrived->text[size] = '\0';
    copy_line(arrived->text, "Message-ID: ", arrived->message_id, sizeof arrived->message_id);
    copy_line(arrived->text, "https://", arrived->link, sizeof arrived->link);
}

/* ---- the fixture ---- */

typedef struct Post {
    TestDatabase database;
    TestServer server;
    CiqClient *platform;
    Child smtp;
} Post;

static const char *ca_file, *password_text;

static void
configure(Config *config)
{
    char url[64], file[96];

    snprintf(url, sizeof url, "smtp://localhost:%d", smtp_port);
    setting_set(&config->smtp_url, url);
    setting_set(&config->mail_from, "M\xc3\xbcller, Inc. <noreply@example.com>");
    config->mail_retry_s = 1;
    config->demo_per_origin = 1000;
    if (!with_tls)
        setting_set(&config->smtp_starttls, "off");
    if (ca_file != NULL)
        setting_set(&config->smtp_ca_file, ca_file);
    if (with_login) {
        snprintf(file, sizeof file, "%s", password);
        FILE *out = fopen(file, "w");
        assert_non_null(out);
        fprintf(out, "%s\n", password_text);
        fclose(out);
        setting_set(&config->smtp_user, "ann");
        setting_set(&config->smtp_password_file, file);
    }
    assert_true(mail_check(config, stderr));
}

static int
post_setup(void **state)
{
    Post *post = calloc(1, sizeof *post);

    assert_non_null(post);
    smtp_port = 0;
    with_tls = with_login = false;
    ca_file = NULL;
    password_text = "right horse";
    database_new(&post->database);
    *state = post;
    return 0;
}

static void
server_begin(Post *post)
{
    server_up(&post->server, &post->database, configure);
    post->platform = operator_new(&post->server);
}

static void
operator_end(Post *post)
{
    ciq_client_free(post->platform);
    post->platform = NULL;
}

static void
server_end(Post *post)
{
    operator_end(post);
    if (post->server.server != NULL)
        server_down(&post->server);
}

static int
post_teardown(void **state)
{
    Post *post = *state;

    server_end(post);
    child_kill(&post->smtp);
    database_drop(&post->database);
    free(post);
    return 0;
}

/* Makes a demo request and converts it. */
static int64_t
convert(CiqClient *platform, const char *company, const char *schema)
{
    CiqError *error = NULL;
    json_t *demo =
        call_json(platform, "TenantService/CreateDemoRequest", &error,
                  "{\"demo_request\": {\"company_name\": \"%s\", \"first_name\": \"Dora\", "
                  "\"email\": \"dora@%s.example\"}}",
                  company, schema);

    assert_ok(error);
    json_t *made = call_json(platform, "TenantService/ConvertDemoRequest", &error,
                             "{\"id\": %s, \"schema_name\": \"%s\"}", json_at(demo, "id"), schema);
    assert_ok(error);
    int64_t id = strtoll(json_at(made, "tenant.id"), NULL, 10);
    json_decref(demo);
    json_decref(made);
    return id;
}

/* What the platform sees of a tenant's only mail. */
typedef struct Seen {
    Post *post;
    const char *schema;
    Clientiq__V1__MailState state; /* that is waited for */
    int attempts_min;
    int attempts; /* that were found */
    char last_error[512];
} Seen;

static bool
is_seen(void *argument)
{
    Seen *seen = argument;
    CiqError *error = NULL;
    CiqListTenantMailsRequest request = CLIENTIQ__V1__LIST_TENANT_MAILS_REQUEST__INIT;

    request.schema_name = TEXT(seen->schema);
    CiqListTenantMailsResponse *response =
        ciq_list_tenant_mails(seen->post->platform, &request, &error);

    assert_ok(error);
    assert_int_equal(response->n_mails, 1);

    const CiqMail *mail = response->mails[0];
    /* an attempt counts from its start; what it came to is known later */
    bool found =
        mail->state == seen->state && mail->attempts >= seen->attempts_min &&
        (seen->state == CLIENTIQ__V1__MAIL_STATE__MAIL_STATE_SENT) == (mail->last_error[0] == '\0');

    seen->attempts = mail->attempts;
    snprintf(seen->last_error, sizeof seen->last_error, "%s", mail->last_error);
    ciq_list_tenant_mails_response_free(response);
    return found;
}

static Seen
expect_mail(Post *post, const char *schema, Clientiq__V1__MailState state, int attempts_min)
{
    Seen seen = {.post = post, .schema = schema, .state = state, .attempts_min = attempts_min};

    wait_until("the state of the mail", is_seen, &seen);
    return seen;
}

#define WAITING CLIENTIQ__V1__MAIL_STATE__MAIL_STATE_WAITING
#define SENT CLIENTIQ__V1__MAIL_STATE__MAIL_STATE_SENT
#define FAILED CLIENTIQ__V1__MAIL_STATE__MAIL_STATE_FAILED

/* ---- TLS and signing in ---- */

static void
test_mail__by_starttls_and_login(void **state)
{
    Post *post = *state;
    Arrived arrived;

    with_tls = with_login = true;
    ca_file = certificate;
    smtp_start(&post->smtp);
    server_begin(post);
    convert(post->platform, "S\xc3\xb6hne & =?Co?=", "sohne");

    assert_non_null(strstr(expect_event(&post->smtp, "login "), "ann right"));
    receive(&post->smtp, &arrived);
    assert_string_equal(arrived.envelope, "noreply@example.com dora@sohne.example");
    assert_non_null(strstr(arrived.text, "To: dora@sohne.example\r\n"));
    assert_non_null(strstr(arrived.text, " <noreply@example.com>\r\n"));
    assert_null(strstr(arrived.text, "=?Co?="));
    for (const char *c = arrived.text; *c != '\0'; c++)
        assert_true((unsigned char) *c < 0x80); /* no server need take 8-bit lines */
    assert_int_equal(expect_mail(post, "sohne", SENT, 1).attempts, 1);
}

static void
test_mail__certificate_of_a_stranger(void **state)
{
    Post *post = *state;
    Arrived arrived;

    with_tls = true;
    ca_file = stranger;
    smtp_start(&post->smtp);
    server_begin(post);
    convert(post->platform, "Stranger", "stranger");
    Seen seen = expect_mail(post, "stranger", WAITING, 1);
    assert_non_null(strstr(seen.last_error, "certificate"));
    /* the attempt does not count for its recipient, whom it cannot have reached */
    assert_string_equal(database_value(&post->database,
                                       "select count(*) from public.core_mail_limit "
                                       "where paid_time > now()"),
                        "0");

    /* nothing was said to it, and nothing is lost */
    server_end(post);
    ca_file = certificate;
    server_begin(post);
    receive(&post->smtp, &arrived);
    assert_string_equal(arrived.envelope, "noreply@example.com dora@stranger.example");
    assert_int_equal(expect_mail(post, "stranger", SENT, 2).last_error[0], '\0');
}

/* A server without TLS gets neither letter nor password. */
static void
test_mail__no_tls(void **state)
{
    Post *post = *state;

    smtp_start(&post->smtp);
    with_tls = true; /* is what the settings say */
    server_begin(post);
    convert(post->platform, "Plain", "plain");
    Seen seen = expect_mail(post, "plain", WAITING, 1);
    assert_non_null(strstr(seen.last_error, "STARTTLS"));
}

static void
test_mail__wrong_password(void **state)
{
    Post *post = *state;
    Arrived arrived;

    with_tls = with_login = true;
    ca_file = certificate;
    password_text = "wrong horse";
    smtp_start(&post->smtp);
    server_begin(post);
    convert(post->platform, "Wrong", "wrong");
    assert_non_null(strstr(expect_event(&post->smtp, "login "), "ann wrong"));
    Seen seen =
        /* 5xx, but about the server's own sign-in and not about the letter */
        expect_mail(post, "wrong", WAITING, 1);
    assert_non_null(strstr(seen.last_error, "535"));

    FILE *out = fopen(password, "w");
    assert_non_null(out);
    fputs("right horse\n", out);
    fclose(out);
    receive(&post->smtp, &arrived);
    expect_mail(post, "wrong", SENT, 2);
}

/* ---- refusals ---- */

static void
test_mail__refused_for_now(void **state)
{
    Post *post = *state;
    Arrived first, second, third;

    smtp_start(&post->smtp);
    server_begin(post);
    tell(&post->smtp, "answer TEXT 451 4.3.0 come back later");
    convert(post->platform, "Later", "later");
    receive(&post->smtp, &first);
    expect_mail(post, "later", WAITING, 1);
    receive(&post->smtp, &second);
    Seen seen = expect_mail(post, "later", WAITING, 2);
    assert_string_equal(seen.last_error, "451 4.3.0 come back later");
    assert_string_equal(database_value(&post->database,
                                       "select count(*) from public.core_mail_limit "
                                       "where paid_time > now()"),
                        "1");
    tell(&post->smtp, "answer TEXT");
    receive(&post->smtp, &third);
    seen = expect_mail(post, "later", SENT, 3);
    assert_string_equal(seen.last_error, "");

    assert_string_equal(first.message_id, second.message_id);
    assert_string_equal(first.message_id, third.message_id);
    assert_string_not_equal(first.link, third.link);

    /* a letter that was taken after all holds a link that is as good, until one of them is used */
    assert_string_equal(database_value(&post->database, "select count(*) from later.users_token"),
                        "3");
}

static void
test_mail__refused_for_good(void **state)
{
    Post *post = *state;
    Arrived arrived;
    Seen seen;

    smtp_start(&post->smtp);
    server_begin(post);
    tell(&post->smtp, "answer RCPT 550 5.1.1 no such user here");
    convert(post->platform, "Never", "never");
    seen = expect_mail(post, "never", FAILED, 1);
    assert_string_equal(seen.last_error, "550 5.1.1 no such user here");
    tell(&post->smtp, "answer RCPT");

    /* it does not hold up the others, and is not tried again */
    convert(post->platform, "Other", "other");
    receive(&post->smtp, &arrived);
    assert_string_equal(arrived.envelope, "noreply@example.com dora@other.example");
    assert_int_equal(expect_mail(post, "never", FAILED, 1).attempts, 1);

    /* unless somebody says so */
    CiqError *error = NULL;
    CiqRetryTenantMailsRequest retry = CLIENTIQ__V1__RETRY_TENANT_MAILS_REQUEST__INIT;
    retry.schema_name = TEXT("never");
    CiqRetryTenantMailsResponse *response = ciq_retry_tenant_mails(post->platform, &retry, &error);
    assert_ok(error);
    assert_int_equal(response->count, 1);
    ciq_retry_tenant_mails_response_free(response);
    receive(&post->smtp, &arrived);
    assert_string_equal(arrived.envelope, "noreply@example.com dora@never.example");
    expect_mail(post, "never", SENT, 2);
    retry.mail_id = 1;
    assert_null(ciq_retry_tenant_mails(post->platform, &retry, &error));
    assert_code(error, CODE_NOT_FOUND, "no mail 1 that was not sent");
    retry.schema_name = TEXT("nobody");
    assert_null(ciq_retry_tenant_mails(post->platform, &retry, &error));
    assert_code(error, CODE_NOT_FOUND, "no tenant with the schema nobody");
}

/* 421: it closes, whatever the letter. */
static void
test_mail__server_closes(void **state)
{
    Post *post = *state;
    Arrived arrived;

    smtp_start(&post->smtp);
    server_begin(post);
    tell(&post->smtp, "answer MAIL 421 4.3.2 shutting down");
    convert(post->platform, "Closing", "closing");
    assert_string_equal(expect_mail(post, "closing", WAITING, 1).last_error,
                        "421 4.3.2 shutting down");
    tell(&post->smtp, "answer MAIL");
    receive(&post->smtp, &arrived);
    expect_mail(post, "closing", SENT, 2);
}

/* ---- ends in the middle ---- */

static void
test_mail__smtp_server_ends_in_a_letter(void **state)
{
    Post *post = *state;
    Arrived arrived;

    smtp_start(&post->smtp);
    server_begin(post);
    tell(&post->smtp, "stop");
    convert(post->platform, "Middle", "middle");
    expect_event(&post->smtp, "data");
    child_kill(&post->smtp);
    expect_mail(post, "middle", WAITING, 1);

    smtp_start(&post->smtp); /* at the same port */
    receive(&post->smtp, &arrived);
    assert_string_equal(arrived.envelope, "noreply@example.com dora@middle.example");
    expect_mail(post, "middle", SENT, 2);
}

/* A server that stops does not wait for an SMTP server that says nothing. */
static void
test_mail__server_stops_in_a_letter(void **state)
{
    Post *post = *state;

    smtp_start(&post->smtp);
    server_begin(post);
    tell(&post->smtp, "stop");
    convert(post->platform, "Quick", "quick");
    expect_event(&post->smtp, "data");

    int64_t before_ms = now_ms();
    server_end(post);
    assert_true(now_ms() - before_ms < 20000); /* a letter may take a minute and more */
    assert_string_equal(database_value(&post->database,
                                       "select attempts::text || (next_time is not null)::text "
                                       "from quick.core_outbox"),
                        "1true");
}

/* The real program, because a test cannot send SIGKILL to its own process. */
static void
program_start(Post *post, Child *program)
{
    char url[64], listen[128], path[256];
    char *arguments[] = {path,
                         TEXT("--database"),
                         post->database.worker,
                         TEXT("--database-owner"),
                         post->database.owner,
                         TEXT("--listen"),
                         listen,
                         TEXT("--smtp-url"),
                         url,
                         TEXT("--smtp-starttls"),
                         TEXT("off"),
                         TEXT("--role-block"),
                         TEXT("16"),
                         TEXT("--mail-retry-s"),
                         TEXT("1"),
                         NULL};
    CiqError *error = NULL;

    snprintf(path, sizeof path, "%s/ciq-server", CIQ_BIN_DIR);
    snprintf(url, sizeof url, "smtp://localhost:%d", smtp_port);
    snprintf(listen, sizeof listen, "ipc://%s/program.sock", folder);
    child_start(program, arguments, STDERR_FILENO);
    expect_event(program, "msg=\"ready\"");
    post->platform = ciq_client_new(&(CiqOptions){.urls = listen, .timeout_ms = 20000}, &error);
    assert_ok(error);
}

static void
test_mail__server_is_killed_before_it_records(void **state)
{
    Post *post = *state;
    Child program;
    Arrived first, second;

    smtp_start(&post->smtp);
    program_start(post, &program);
    tell(&post->smtp, "hold");
    convert(post->platform, "Killed", "killed");
    receive(&post->smtp, &first);
    child_kill(&program);
    operator_end(post);
    tell(&post->smtp, "release");
    assert_string_equal(database_value(&post->database,
                                       "select attempts::text || (sent_time is null)::text from "
                                       "killed.core_outbox"),
                        "1true");

    /* its time is over; no hint tells the new server, only the sweep */
    database_value(&post->database, "update killed.core_outbox set next_time = now()");
    program_start(post, &program);
    receive(&post->smtp, &second);
    assert_string_equal(first.message_id, second.message_id);
    assert_string_not_equal(first.link, second.link);
    assert_int_equal(expect_mail(post, "killed", SENT, 2).attempts, 2);

    operator_end(post);
    child_kill(&program);
}

/* ---- a conversion ---- */

typedef struct Conversion {
    const char *url, *demo_id;
    bool ok;
    char schema[64];
} Conversion;

/* One call of the client library, which repeats it with the same idempotency key when its server is
 * gone. */
static void *
convert_in_thread(void *argument)
{
    Conversion *conversion = argument;
    CiqError *error = NULL;
    CiqClient *client = ciq_client_new(
        &(CiqOptions){.urls = conversion->url, .timeout_ms = 60000, .attempts_max = 20}, &error);
    CiqConvertDemoRequestRequest request = CLIENTIQ__V1__CONVERT_DEMO_REQUEST_REQUEST__INIT;

    request.id = strtoll(conversion->demo_id, NULL, 10);
    CiqConvertDemoRequestResponse *response = ciq_convert_demo_request(client, &request, &error);

    conversion->ok = response != NULL && !response->was_converted;
    if (response != NULL)
        snprintf(conversion->schema, sizeof conversion->schema, "%s",
                 response->tenant->schema_name);
    else
        fprintf(stderr, "%s\n", ciq_error_message(error));
    ciq_error_free(error);
    ciq_convert_demo_request_response_free(response);
    ciq_client_free(client);
    return NULL;
}

/* The server dies while a statement of the conversion waits for a lock; a new one gets the same
 * call. */
static void
convert_and_kill(Post *post, const char *locked, const char *schema)
{
    char url[128], id[32];
    Conversion conversion = {.url = url, .demo_id = id};
    CiqError *error = NULL;
    pthread_t thread;
    Child program;

    program_start(post, &program);
    snprintf(url, sizeof url, "ipc://%s/program.sock", folder);
    json_t *demo =
        call_json(post->platform, "TenantService/CreateDemoRequest", &error,
                  "{\"demo_request\": {\"company_name\": \"%s\", \"first_name\": \"Dora\", "
                  "\"email\": \"dora@%s.example\"}}",
                  schema, schema);
    assert_ok(error);
    snprintf(id, sizeof id, "%s", json_at(demo, "id"));
    json_decref(demo);
    operator_end(post);

    PGconn *holder = database_hold(&post->database, "lock table %s in exclusive mode", locked);
    assert_int_equal(pthread_create(&thread, NULL, convert_in_thread, &conversion), 0);
    /* the conversion waits */
    wait_for_value(&post->database, "t",
                   "select count(*) > 0 from pg_locks where not granted and locktype = 'relation'");
    child_kill(&program);
    PQfinish(holder);
    program_start(post, &program);
    pthread_join(thread, NULL);
    assert_true(conversion.ok);
    assert_string_equal(conversion.schema, schema);
    assert_string_equal(database_value(&post->database,
                                       "select string_agg(schema_name, ',') from "
                                       "public.tenants_tenant where name = '%s'",
                                       schema),
                        schema);
    assert_int_equal(expect_mail(post, schema, SENT, 1).attempts, 1);
    operator_end(post);
    child_kill(&program);
}

/* The server dies before anything is made, so that nothing is there, and while the commit is under
 * way, so that all of it is there: the caller gets the same answer. */
static void
test_convert__server_is_killed(void **state)
{
    Post *post = *state;

    smtp_start(&post->smtp);
    convert_and_kill(post, "public.tenants_tenant", "before");
    convert_and_kill(post, "public.demo_event", "after");
}

/* ---- several servers ---- */

static void
test_mail__two_servers_send_each_once(void **state)
{
    enum { TENANTS = 6 };
    Post *post = *state;
    TestServer other;
    Arrived arrived;
    char schema[32], all[TENANTS * 64] = "";
    size_t size = 0;

    smtp_start(&post->smtp);
    server_begin(post);
    server_up(&other, &post->database, configure);
    for (int i = 0; i < TENANTS; i++) {
        snprintf(schema, sizeof schema, "both%d", i);
        convert(post->platform, schema, schema);
    }
    for (int i = 0; i < TENANTS; i++) {
        receive(&post->smtp, &arrived);
        assert_null(strstr(all, arrived.message_id));
        size += (size_t) snprintf(all + size, sizeof all - size, "%s", arrived.message_id);
        assert_true(size < sizeof all);
    }
    for (int i = 0; i < TENANTS; i++) {
        snprintf(schema, sizeof schema, "both%d", i);
        assert_int_equal(expect_mail(post, schema, SENT, 1).attempts, 1);
    }
    server_down(&other);
}

/* ---- tenants that change ---- */

static void
test_mail__tenant_is_suspended(void **state)
{
    Post *post = *state;
    Arrived arrived;

    smtp_start(&post->smtp);
    child_kill(&post->smtp);
    server_begin(post);
    convert(post->platform, "Closed", "closed");
    expect_mail(post, "closed", WAITING, 1);
    expect_json(post->platform, "TenantService/SuspendTenant", CODE_OK, NULL,
                "{\"schema_name\": \"closed\", \"reason\": \"unpaid\"}");
    smtp_start(&post->smtp);
    convert(post->platform, "Open", "openone");
    receive(&post->smtp, &arrived);
    assert_non_null(strstr(arrived.envelope, "dora@openone.example"));
    expect_mail(post, "closed", WAITING, 1);

    expect_json(post->platform, "TenantService/ActivateTenant", CODE_OK, NULL,
                "{\"schema_name\": \"closed\"}");
    receive(&post->smtp, &arrived);
    assert_non_null(strstr(arrived.envelope, "dora@closed.example"));
}

/* Renamed while its mail is sent; and another tenant takes the name at once. */
static void
test_mail__tenant_is_renamed(void **state)
{
    Post *post = *state;
    Arrived arrived;

    smtp_start(&post->smtp);
    server_begin(post);
    tell(&post->smtp, "hold");
    convert(post->platform, "Name", "namea");
    receive(&post->smtp, &arrived);
    expect_json(post->platform, "TenantService/RenameTenant", CODE_OK, NULL,
                "{\"schema_name\": \"namea\", \"new_schema_name\": \"nameb\"}");
    tell(&post->smtp, "answer RCPT 550 not you");
    convert(post->platform, "Name", "namea");
    tell(&post->smtp, "release");
    assert_int_equal(expect_mail(post, "nameb", SENT, 1).attempts, 1);
    expect_mail(post, "namea", FAILED, 1);
}

/* A link gives access to an account: it is sent to nobody but its owner. */
static void
test_mail__user_has_another_address(void **state)
{
    Post *post = *state;

    smtp_start(&post->smtp);
    child_kill(&post->smtp);
    server_begin(post);
    convert(post->platform, "Moved", "moved");
    expect_mail(post, "moved", WAITING, 1);
    database_value(&post->database,
                   "update moved.users_customuser set email = 'new@moved.example'");
    smtp_start(&post->smtp);
    assert_non_null(strstr(expect_mail(post, "moved", FAILED, 2).last_error, "another address"));
}

/* ---- all of them ---- */

static void
make_certificate(char *file, char *key_file)
{
    char *arguments[] = {TEXT("openssl"),
                         TEXT("req"),
                         TEXT("-x509"),
                         TEXT("-newkey"),
                         TEXT("ec"),
                         TEXT("-pkeyopt"),
                         TEXT("ec_paramgen_curve:prime256v1"),
                         TEXT("-nodes"),
                         TEXT("-days"),
                         TEXT("2"),
                         TEXT("-subj"),
                         TEXT("/CN=localhost"),
                         TEXT("-addext"),
                         TEXT("subjectAltName=DNS:localhost"),
                         TEXT("-keyout"),
                         key_file,
                         TEXT("-out"),
                         file,
                         NULL};

    run_program(arguments);
}

static int
mail_setup(void **state)
{
    (void) state;
    folder_new(folder);
    snprintf(certificate, sizeof certificate, "%s/certificate.pem", folder);
    snprintf(key, sizeof key, "%s/key.pem", folder);
    snprintf(stranger, sizeof stranger, "%s/stranger.pem", folder);
    snprintf(stranger_key, sizeof stranger_key, "%s/stranger-key.pem", folder);
    snprintf(password, sizeof password, "%s/password", folder);
    make_certificate(certificate, key);
    make_certificate(stranger, stranger_key);
    return 0;
}

static int
mail_teardown(void **state)
{
    (void) state;
    folder_remove(folder);
    return 0;
}

#define MAIL_TEST(name) cmocka_unit_test_setup_teardown(name, post_setup, post_teardown)

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        MAIL_TEST(test_mail__by_starttls_and_login),
        MAIL_TEST(test_mail__certificate_of_a_stranger),
        MAIL_TEST(test_mail__no_tls),
        MAIL_TEST(test_mail__wrong_password),
        MAIL_TEST(test_mail__refused_for_now),
        MAIL_TEST(test_mail__refused_for_good),
        MAIL_TEST(test_mail__server_closes),
        MAIL_TEST(test_mail__smtp_server_ends_in_a_letter),
        MAIL_TEST(test_mail__server_stops_in_a_letter),
        MAIL_TEST(test_mail__server_is_killed_before_it_records),
        MAIL_TEST(test_convert__server_is_killed),
        MAIL_TEST(test_mail__two_servers_send_each_once),
        MAIL_TEST(test_mail__tenant_is_suspended),
        MAIL_TEST(test_mail__tenant_is_renamed),
        MAIL_TEST(test_mail__user_has_another_address),
    };

    return run_cases(tests, mail_setup, mail_teardown);
}
