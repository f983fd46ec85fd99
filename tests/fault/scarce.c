/* Preloaded into a program of a test's own, so that it has no more than the environment says:
 * CIQ_THREADS threads besides the first at the same time, CIQ_FILES file descriptors.  */
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/resource.h>

typedef struct Start {
    void *(*run)(void *);
    void *argument;
} Start;

static _Atomic int threads;
static int threads_max = -1;
static int (*next_create)(pthread_t *, const pthread_attr_t *, void *(*) (void *), void *);

__attribute__((constructor)) static void
limit(void)
{
    const char *words = getenv("CIQ_THREADS"), *files = getenv("CIQ_FILES");
    struct rlimit most;

    *(void **) &next_create = dlsym(RTLD_NEXT, "pthread_create");
    if (words != NULL)
        threads_max = atoi(words);
    if (files != NULL && getrlimit(RLIMIT_NOFILE, &most) == 0) {
        most.rlim_cur = (rlim_t) atoi(files);
        (void) setrlimit(RLIMIT_NOFILE, &most);
    }
}

static void *
count_run(void *argument)
{
    Start start = *(Start *) argument;
    void *result;

    free(argument);
    result = start.run(start.argument);
    atomic_fetch_sub(&threads, 1);
    return result;
}

int
pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
               void *argument)
{
    Start *start;
    int error;

    if (threads_max < 0)
        return next_create(thread, attributes, run, argument);
    if (atomic_fetch_add(&threads, 1) >= threads_max) {
        atomic_fetch_sub(&threads, 1);
        return EAGAIN;
    }
    start = malloc(sizeof *start);
    if (start == NULL)
        return EAGAIN;
    *start = (Start){run, argument};
    error = next_create(thread, attributes, count_run, start);
    if (error != 0)
        free(start);
    return error;
}
