/* What one password hash costs here, in microseconds: the median of several, with the server's parameters,
 * to be taken off the figure of CreateTenant.  */
#include "server/auth.h"
#include "server/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { COUNT = 21 };

static int
compare(const void *a, const void *b)
{
    int64_t left = *(const int64_t *) a, right = *(const int64_t *) b;

    return (left > right) - (left < right);
}

int
main(void)
{
    Call call = {.arena = arena_new(LIMIT_ARENA)};
    char hash[AUTH_HASH_SIZE];
    int64_t us[COUNT];

    if (call.arena == NULL || !auth_init())
        return 1;
    for (int i = 0; i < COUNT; i++) {
        int64_t start = clock_us();

        if (!auth_hash(&call, "bench password", hash))
            return 1;
        us[i] = clock_us() - start;
    }
    qsort(us, COUNT, sizeof *us, compare);
    printf("%" PRId64 "\n", us[COUNT / 2]);
    arena_free(call.arena);
    return 0;
}
