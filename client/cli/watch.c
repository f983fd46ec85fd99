/* Shows the progress of a migration run until it ends: a bar if stderr is a terminal, each failure
 * when it happens, and one last line.  Asks the server again each second, sooner at first.  If no
 * server answers it waits for one, since any server of the installation goes on with the run.  */
#include "client/cli/watch.h"
#include "client/cli/exit.h"
#include "client/cli/json.h"
#include "proto/json_value.h"
#include "client/cli/options.h"
#include "client/cli/text.h"
#include "proto/visible.h"
#include "server/base/clock.h"

#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum {
    ASK_FIRST_MS = 50, /* doubles until ASK_MS */
    ASK_MS = 1000,
    AWAY_MAX_S = 120, /* without an answer for this long the watching ends, and the run does not */
    BAR_MAX = 40,     /* characters */
    PAGE_SIZE = 1000
};

typedef struct Watch {
    const Cli *cli;
    CiqClient *client;
    int64_t id;
    bool has_bar;
    int64_t give_up_at_us; /* monotonic; 0: the server answers */
    int64_t *shown;        /* the tenants whose failure was shown, sorted */
    size_t shown_count;
} Watch;

typedef const CiqMigrationRun Run;

static char interrupted_text[160];

/* Ctrl-C ends only the watching, and the message says so. */
static void
on_interrupt(int signal_number)
{
    (void) !write(STDERR_FILENO, interrupted_text, strlen(interrupted_text));
    _exit(128 + signal_number);
}

static void
hide_bar(const Watch *watch)
{
    if (watch->has_bar)
        visible_control("\r\033[K");
}

static void
show_bar(const Watch *watch, Run *run)
{
    int64_t ended = run->total - run->pending;
    struct winsize window = {0};
    char words[160], bar[BAR_MAX + 1], line[256];
    int size, width;

    if (!watch->has_bar)
        return;
    size = snprintf(words, sizeof words, " %3" PRId64 "%%  %" PRId64 " of %" PRId64,
                    run->total > 0 ? ended * 100 / run->total : 100, ended, run->total);
    if (run->items_per_minute > 0 && run->pending > 0)
        size += snprintf(words + size, sizeof words - (size_t) size,
                         "  %" PRId64 "/min  %" PRId64 ":%02" PRId64 " left", run->items_per_minute,
                         run->remaining_seconds / 60, run->remaining_seconds % 60);
    if (run->failed > 0)
        size += snprintf(words + size, sizeof words - (size_t) size, "  %" PRId64 " failed",
                         run->failed);
    width =
        ioctl(STDERR_FILENO, TIOCGWINSZ, &window) == 0 && window.ws_col > 0 ? window.ws_col : 80;
    width = width - size - 3 < BAR_MAX ? width - size - 3 : BAR_MAX;
    if (width < 0)
        width = 0;
    memset(bar, '-', sizeof bar);
    memset(bar, '#', run->total > 0 ? (size_t) (ended * width / run->total) : (size_t) width);
    bar[width] = '\0';
    snprintf(line, sizeof line, "\r[%s]%s\033[K", bar, words);
    visible_control(line);
}

/* ---- failures ---- */

/* Notes that a tenant's failure is shown.  False: it was shown before. */
static bool
take_note(Watch *watch, int64_t tenant_id)
{
    size_t low = 0, high = watch->shown_count;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (watch->shown[middle] == tenant_id)
            return false;
        if (watch->shown[middle] < tenant_id)
            low = middle + 1;
        else
            high = middle;
    }
    watch->shown = realloc(watch->shown, (watch->shown_count + 1) * sizeof *watch->shown);
    if (watch->shown == NULL)
        die("no memory");
    memmove(&watch->shown[low + 1], &watch->shown[low],
            (watch->shown_count - low) * sizeof *watch->shown);
    watch->shown[low] = tenant_id;
    watch->shown_count++;
    return true;
}

static void
show_failure(Watch *watch, const CiqMigrationItem *item)
{
    if (!take_note(watch, item->tenant_id))
        return;
    hide_bar(watch);
    fputs("failed: ", stderr);
    text_print(item->schema_name, stderr);
    fputs(": ", stderr);
    text_print_line(item->error, stderr);
    fputc('\n', stderr);
    if (item->file[0] != '\0') {
        fputs("  ", stderr);
        text_print(item->file, stderr);
        if (item->line > 0)
            fprintf(stderr, ":%" PRId32, item->line);
        if (item->sqlstate[0] != '\0') {
            fputs(": SQLSTATE ", stderr);
            text_print(item->sqlstate, stderr);
        }
        fputc('\n', stderr);
    }
    if (item->statement[0] != '\0') {
        fputs("  ", stderr);
        text_print_line(item->statement, stderr);
        fputc('\n', stderr);
    }
}

/* Shows the failures that were not shown before.  False: no server answers now. */
static bool
show_failures(Watch *watch)
{
    const Method *method = method_by_name("MigrationService/ListMigrationItems");
    CiqListMigrationItemsRequest request = CLIENTIQ__V1__LIST_MIGRATION_ITEMS_REQUEST__INIT;
    char token[512] = "";

    request.run_id = watch->id;
    request.state = CLIENTIQ__V1__MIGRATION_ITEM_STATE__MIGRATION_ITEM_STATE_FAILED;
    request.page_size = PAGE_SIZE;
    request.page_token = token;
    do {
        CiqError *error = NULL;
        CiqListMigrationItemsResponse *page = (CiqListMigrationItemsResponse *) cli_call(
            watch->cli, watch->client, method, &request.base, "", NULL, &error);

        if (error != NULL) {
            ciq_error_free(error);
            return false;
        }
        for (size_t i = 0; i < page->n_items; i++)
            show_failure(watch, page->items[i]);
        snprintf(token, sizeof token, "%s", page->next_page_token);
        ciq_list_migration_items_response_free(page);
    } while (token[0] != '\0');
    return true;
}

/* ---- the run ---- */

/* Asks how far the run is.  NULL: no server answers now.  Any other failure ends the program. */
static CiqGetMigrationRunResponse *
watch_ask(Watch *watch)
{
    const Method *method = method_by_name("MigrationService/GetMigrationRun");
    CiqGetMigrationRunRequest request = CLIENTIQ__V1__GET_MIGRATION_RUN_REQUEST__INIT;
    CiqError *error = NULL;
    CiqGetMigrationRunResponse *response;

    request.id = watch->id;
    response = (CiqGetMigrationRunResponse *) cli_call(watch->cli, watch->client, method,
                                                       &request.base, "", NULL, &error);
    if (error == NULL) {
        watch->give_up_at_us = 0;
        return response;
    }
    hide_bar(watch);
    if (ciq_error_code(error) != CODE_UNAVAILABLE &&
        ciq_error_code(error) != CODE_DEADLINE_EXCEEDED)
        die_error(error, method, "");
    if (watch->give_up_at_us == 0) {
        fputs("no server answers; the run goes on as soon as one does\n", stderr);
        watch->give_up_at_us = clock_us() + AWAY_MAX_S * 1000000;
    }
    if (clock_us() > watch->give_up_at_us)
        die_error(error, method, "");
    ciq_error_free(error);
    return NULL;
}

static void
print_end(const Watch *watch, const CiqGetMigrationRunResponse *response)
{
    Run *run = response->run;
    char *state = enum_word(&clientiq__v1__migration_run_state__descriptor, (int) run->state);

    if (watch->cli->json) {
        json_t *json = json_of_message(&response->base);

        cli_print(watch->cli, response->base.descriptor, json);
        json_decref(json);
    } else {
        printf("run %" PRId64 " %s: %" PRId64 " of %" PRId64 " schema%s", run->id,
               state != NULL ? state : "", run->done, run->total, run->total == 1 ? "" : "s");
        if (run->failed > 0)
            printf(", %" PRId64 " failed", run->failed);
        if (run->skipped > 0)
            printf(", %" PRId64 " skipped", run->skipped);
        if (run->pending > 0)
            printf(", %" PRId64 " not started", run->pending);
        putchar('\n');
    }
    free(state);
    if (run->state != CLIENTIQ__V1__MIGRATION_RUN_STATE__MIGRATION_RUN_STATE_DONE)
        fprintf(stderr, "  to go on: ciq-client migration run resume %" PRId64 "\n", run->id);
}

int
watch_run(const Cli *cli, CiqClient *client, int64_t id)
{
    Watch watch = {.cli = cli, .client = client, .id = id, .has_bar = isatty(STDERR_FILENO) == 1};
    int pause_ms = ASK_FIRST_MS, status;

    snprintf(interrupted_text, sizeof interrupted_text,
             "\nthe run goes on: ciq-client migration run watch %" PRId64
             ", or migration run cancel %" PRId64 "\n",
             id, id);
    signal(SIGINT, on_interrupt);
    for (;;
         (void) poll(NULL, 0, pause_ms), pause_ms = pause_ms * 2 < ASK_MS ? pause_ms * 2 : ASK_MS) {
        CiqGetMigrationRunResponse *response = watch_ask(&watch);

        if (response == NULL)
            continue;
        if ((size_t) response->run->failed > watch.shown_count && !show_failures(&watch)) {
            ciq_get_migration_run_response_free(response);
            continue;
        }
        if (response->run->state ==
            CLIENTIQ__V1__MIGRATION_RUN_STATE__MIGRATION_RUN_STATE_RUNNING) {
            show_bar(&watch, response->run);
            ciq_get_migration_run_response_free(response);
            continue;
        }
        /* the bar's last state stays on the screen */
        show_bar(&watch, response->run);
        if (watch.has_bar)
            fputc('\n', stderr);
        print_end(&watch, response);
        status =
            response->run->state != CLIENTIQ__V1__MIGRATION_RUN_STATE__MIGRATION_RUN_STATE_DONE;
        ciq_get_migration_run_response_free(response);
        free(watch.shown);
        signal(SIGINT, SIG_DFL);
        return status;
    }
}

int
command_watch(Cli *cli)
{
    int64_t id = cli->words_count == 4 ? (int64_t) options_number(cli->words[3], INT64_MAX) : 0;
    CiqClient *client;
    int status;

    if (id == 0)
        die_usage("migration run watch needs the run's number: ciq-client migration run watch 7");
    if (cli->tenant != NULL && !cli->tenant_is_environment)
        die_usage("a migration run belongs to the platform: leave out --tenant");
    client = cli_client(cli);
    status = watch_run(cli, client, id);
    ciq_client_free(client);
    return status;
}
