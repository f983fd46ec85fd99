/* The table of jobs, and the one listener of changes.  */
#include "jobs.h"
#include "access/cache.h"
#include "access/seal.h"
#include "access/usage.h"
#include "base/clock.h"
#include "base/ending.h"
#include "base/stop.h"
#include "mail/outbox.h"
#include "migration/runs.h"
#include "serve/job.h"
#include "tenant/figures.h"
#include "tenant/ownership.h"
#include "tenant/purge.h"
#include "tenant/roles.h"
#include "tenant/sweep.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

typedef enum JobName {
    JOB_HOUSEKEEPING, /* roles, what has outlived its time, purges */
    JOB_SESSIONS,     /* what calls have noted: of its own, since it must not wait for a purge */
    JOB_MAIL,         /* the outboxes: of its own, since SMTP may be slow */
    JOB_PROOFS,       /* customers' domains: the same, since DNS may be slow */
    JOB_SEALS,        /* the audits; only with a key */
    JOBS_COUNT
} JobName;

/* What is said of a job whose end hangs. */
static const char *const job_steps[JOBS_COUNT] = {
    [JOB_HOUSEKEEPING] = "stopping the job housekeeping",
    [JOB_SESSIONS] = "stopping the job sessions",
    [JOB_MAIL] = "stopping the job mail",
    [JOB_PROOFS] = "stopping the job proofs",
    [JOB_SEALS] = "stopping the job seals",
};

enum {
    TASKS_MAX = 12,
    STOP_MAX_MS = 1000 /* for the tasks that run, when the server stops; then they are cut off */
};

struct Jobs {
    Core *core;
    Outbox *outbox;
    Sealer sealer;
    Runs *runs;
    RolesMending mending;
    JobTask tasks[JOBS_COUNT][TASKS_MAX];
    JobKind kinds[JOBS_COUNT]; /* without tasks: this server has no such job */
    Wake *wakes[JOBS_COUNT];
    Job *jobs[JOBS_COUNT];
};

static void
add_task(Jobs *jobs, JobName name, JobTask task)
{
    JobKind *kind = &jobs->kinds[name];

    assert(kind->tasks_count < TASKS_MAX);
    jobs->tasks[name][kind->tasks_count++] = task;
    kind->tasks = jobs->tasks[name];
}

static void
fill_kinds(Jobs *jobs)
{
    const Core *core = jobs->core;

    jobs->kinds[JOB_HOUSEKEEPING].interval_s = 30;
    add_task(jobs, JOB_HOUSEKEEPING, (JobTask){"sweep_roles", sweep_roles, NULL});
    add_task(jobs, JOB_HOUSEKEEPING, (JobTask){"roles_mend", roles_mend, &jobs->mending});
    add_task(jobs, JOB_HOUSEKEEPING, (JobTask){"key_usage", usage_write_keys, NULL});
    add_task(jobs, JOB_HOUSEKEEPING, (JobTask){"sweep_platform", sweep_platform, NULL});
    add_task(jobs, JOB_HOUSEKEEPING, (JobTask){"sweep_strangers", sweep_strangers, NULL});
    add_task(jobs, JOB_HOUSEKEEPING, (JobTask){"sweep_tenants", sweep_tenants, NULL});
    add_task(jobs, JOB_HOUSEKEEPING, (JobTask){"purge_tenants", purge_tenants, NULL});
    add_task(jobs, JOB_HOUSEKEEPING, (JobTask){"purge_roles", purge_roles, NULL});
    if (core->config->http_admin[0] != '\0')
        add_task(jobs, JOB_HOUSEKEEPING, (JobTask){"figures", figures_count, NULL});

    jobs->kinds[JOB_SESSIONS].interval_s = 1;
    jobs->kinds[JOB_SESSIONS].looks_at_end = true;
    add_task(jobs, JOB_SESSIONS, (JobTask){"session_usage", usage_write_sessions, NULL});

    jobs->kinds[JOB_MAIL].interval_s = 1;
    add_task(jobs, JOB_MAIL, (JobTask){"outbox", outbox_work, jobs->outbox});

    jobs->kinds[JOB_PROOFS].interval_s = 30;
    if (strcmp(core->config->verify_domains, "on") == 0)
        add_task(jobs, JOB_PROOFS, (JobTask){"domains", ownership_work, NULL});

    jobs->kinds[JOB_SEALS].interval_s = core->config->audit_seal_s;
    if (core->config->audit_key_file[0] != '\0')
        add_task(jobs, JOB_SEALS, (JobTask){"seal_audits", seal_audits, &jobs->sealer});
}

/* What a change makes memory forget, and whom it wakes: the only place that decides it. */
static void
take_change(void *argument, Change change)
{
    Jobs *jobs = argument;
    Core *core = jobs->core;

    switch (change.kind) {
    case CHANGE_ALL:
        cache_changed_all(core->cache);
        break;
    case CHANGE_TENANT:
        cache_changed_tenant(core->cache, change.tenant_id);
        break;
    case CHANGE_NAMES:
        cache_changed_names(core->cache);
        break;
    case CHANGE_ROLES:
        atomic_fetch_add(&core->roles_made, 1);
        break;
    case CHANGE_OUTBOX:
        outbox_hint(jobs->outbox, change.tenant_id);
        wake_ring(jobs->wakes[JOB_MAIL]);
        break;
    case CHANGE_RUNS:
        runs_wake(jobs->runs);
        break;
    case CHANGE_POOL:
        wake_ring(jobs->wakes[JOB_HOUSEKEEPING]);
        break;
    case CHANGE_PROOFS:
        wake_ring(jobs->wakes[JOB_PROOFS]);
        break;
    case CHANGE_KINDS:
        break;
    }
}

static void
take_current(void *argument, int64_t time_us)
{
    Jobs *jobs = argument;

    cache_heartbeat(jobs->core->cache, time_us);
}

Jobs *
jobs_new(Core *core)
{
    Jobs *jobs = calloc(1, sizeof *jobs);
    bool ok = jobs != NULL;

    for (JobName name = 0; ok && name < JOBS_COUNT; name++)
        ok = (jobs->wakes[name] = wake_new()) != NULL;
    if (!ok || (jobs->outbox = outbox_new()) == NULL ||
        (core->usage = usage_new(core->config, jobs->wakes[JOB_SESSIONS])) == NULL) {
        jobs_free(jobs);
        return NULL;
    }
    jobs->core = core;
    core->changes = (ChangeListener){take_change, take_current, jobs};
    fill_kinds(jobs);
    return jobs;
}

bool
jobs_start(Jobs *jobs)
{
    for (JobName name = 0; name < JOBS_COUNT; name++)
        if (jobs->kinds[name].tasks_count > 0 &&
            (jobs->jobs[name] = job_start(jobs->core, &jobs->kinds[name], jobs->wakes[name])) ==
                NULL)
            return false;
    jobs->runs = runs_start(jobs->core);
    return jobs->runs != NULL;
}

void
jobs_stop(Jobs *jobs, int stop_work_fd)
{
    int64_t until_us = clock_us() + STOP_MAX_MS * 1000;

    if (jobs == NULL)
        return;
    runs_stop(jobs->runs);
    outbox_stop(jobs->outbox);
    usage_finish(jobs->core->usage);
    for (JobName name = 0; name < JOBS_COUNT; name++)
        job_end(jobs->jobs[name]);
    for (JobName name = 0; name < JOBS_COUNT; name++)
        if (!job_has_ended(jobs->jobs[name], until_us))
            stop_raise(stop_work_fd);
    for (JobName name = 0; name < JOBS_COUNT; name++) {
        ending_step(job_steps[name]);
        job_free(jobs->jobs[name]);
    }
}

void
jobs_free(Jobs *jobs)
{
    if (jobs == NULL)
        return;
    for (JobName name = 0; name < JOBS_COUNT; name++)
        wake_free(jobs->wakes[name]);
    outbox_free(jobs->outbox);
    free(jobs);
}
