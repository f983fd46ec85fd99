/* The rule of guess.h over the counters of throttle.h.  Called by the handlers of sign-in and of
 * passwords.  */
#include "access/guess.h"
#include "access/origin.h"
#include "access/throttle.h"

#include <inttypes.h>

enum {
    KNOWN_S = 30 * 86400, /* how long an address counts as one where the account has signed in */
    KNOWN_AGAIN_S =
        29 * 86400 /* with less than this left it is remembered again: once a day at most */
};

enum { PAIR, ACCOUNT, ORIGIN, KNOWN, COUNTERS };

struct Guess {
    Throttle counters[COUNTERS];
};

static Guess *
guess_new(Call *call, const char *identity)
{
    const Config *config = call->core->config;
    Guess *guess = call_alloc(call, sizeof *guess);
    char origin[ORIGIN_SIZE];

    if (guess == NULL)
        return NULL;
    origin_key(call->origin, origin);
    throttle_name(call, &guess->counters[PAIR], "login", identity, origin);
    throttle_name(call, &guess->counters[ACCOUNT], "login", identity, NULL);
    throttle_name(call, &guess->counters[ORIGIN], "login", NULL, origin);
    throttle_name(call, &guess->counters[KNOWN], "known", identity, origin);
    guess->counters[PAIR].allowed = config->login_failures;
    guess->counters[ACCOUNT].allowed = config->login_failures_account;
    guess->counters[ORIGIN].allowed = config->login_failures_origin;
    guess->counters[KNOWN].allowed = 1;
    for (int i = PAIR; i <= ORIGIN; i++)
        guess->counters[i].interval_s = config->login_failure_s;
    return guess;
}

Guess *
guess_begin(Call *call, const char *identity)
{
    Guess *guess = guess_new(call, identity);
    const char *what = NULL;
    int which = PAIR;

    if (guess == NULL || !throttle_read(call, guess->counters, COUNTERS))
        return NULL;

    bool is_known = guess->counters[KNOWN].forgiven_ms > 0;

    if (guess->counters[PAIR].wait_ms > 0)
        what = "too many failed sign-ins to this account from this address";
    else if (!is_known && guess->counters[ACCOUNT].wait_ms > 0) {
        what = "too many failed sign-ins to this account";
        which = ACCOUNT;
    } else if (!is_known && guess->counters[ORIGIN].wait_ms > 0) {
        what = "too many failed sign-ins from this address";
        which = ORIGIN;
    }
    return what == NULL || throttle_fail(call, &guess->counters[which], what) ? guess : NULL;
}

bool
guess_failed(Call *call, const Guess *guess)
{
    call->failure.is_refused = true;
    return throttle_count_failure(call, guess->counters, KNOWN) &&
           call_fail(call, CODE_UNAUTHENTICATED, "e-mail or password is wrong");
}

bool
guess_passed(Call *call, const Guess *guess)
{
    if (guess->counters[PAIR].forgiven_ms == 0 &&
        guess->counters[KNOWN].forgiven_ms > (int64_t) KNOWN_AGAIN_S * 1000)
        return true;
    return throttle_forget_and_remember(call, &guess->counters[PAIR], &guess->counters[KNOWN],
                                        KNOWN_S);
}

bool
guess_proved(Call *call, const char *identity)
{
    const Guess *guess = guess_new(call, identity);

    return guess != NULL && throttle_forget_and_remember(call, &guess->counters[PAIR],
                                                         &guess->counters[KNOWN], KNOWN_S);
}

Guess *
guess_begin_own(Call *call)
{
    const Config *config = call->core->config;
    const char *id = call_printf(call, "#%" PRId64, call->caller.id);
    Guess *guess = call_alloc(call, sizeof *guess);

    if (id == NULL || guess == NULL)
        return NULL;
    throttle_name(call, &guess->counters[PAIR], "change", id, NULL);
    guess->counters[PAIR].allowed = config->login_failures;
    guess->counters[PAIR].interval_s = config->login_failure_s;
    if (!throttle_read(call, guess->counters, 1))
        return NULL;
    return guess->counters[PAIR].wait_ms == 0 ||
                   throttle_fail(call, &guess->counters[PAIR], "too many wrong passwords")
               ? guess
               : NULL;
}

bool
guess_failed_own(Call *call, const Guess *guess, const char *field)
{
    call->failure.is_refused = true;
    return throttle_count_failure(call, guess->counters, 1) &&
           call_fail_field_code(call, CODE_PERMISSION_DENIED, field, "is wrong");
}
