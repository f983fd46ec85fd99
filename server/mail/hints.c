/* See hints.h.  Called by outbox.c.  */
#include "mail/hints.h"

void
hints_start(Hints *hints)
{
    pthread_mutex_init(&hints->lock, NULL);
}

void
hints_end(Hints *hints)
{
    pthread_mutex_destroy(&hints->lock);
}

void
hints_add(Hints *hints, int64_t tenant_id, int64_t due_us)
{
    size_t i = 0;

    pthread_mutex_lock(&hints->lock);
    while (i < hints->count && hints->list[i].tenant_id != tenant_id)
        i++;
    if (i < hints->count && due_us < hints->list[i].due_us)
        hints->list[i].due_us = due_us;
    else if (i == hints->count && i < HINTS)
        hints->list[hints->count++] = (Hint){tenant_id, due_us};
    pthread_mutex_unlock(&hints->lock);
}

bool
hints_take(Hints *hints, int64_t now_us, int64_t *tenant_id)
{
    bool found = false;

    pthread_mutex_lock(&hints->lock);
    for (size_t i = 0; i < hints->count && !found; i++) {
        if (hints->list[i].due_us > now_us)
            continue;
        *tenant_id = hints->list[i].tenant_id;
        hints->list[i] = hints->list[--hints->count];
        found = true;
    }
    pthread_mutex_unlock(&hints->lock);
    return found;
}

bool
hints_are_due(Hints *hints, int64_t now_us)
{
    bool found = false;

    pthread_mutex_lock(&hints->lock);
    for (size_t i = 0; i < hints->count && !found; i++)
        found = hints->list[i].due_us <= now_us;
    pthread_mutex_unlock(&hints->lock);
    return found;
}
