/* Guessing passwords is slowed, by what has failed before:
 *
 *   - an account from one address: --login-failures at once, then one each --login-failure-s;
 *   - an account from all addresses: --login-failures-account at once, then the same;
 *   - all accounts from one address: --login-failures-origin at once, then the same.
 *
 * The last two do not hold for an address from which the account has signed in, or a mailed link of
 * it was used, within the last 30 days.  So nobody can keep a user out of where they usually are by
 * guessing elsewhere; from anywhere else the right password is accepted until these limits are
 * reached.  They never concern a live session or the link of a mail.  Whoever is refused is refused
 * before a password is hashed, whether the account exists or not.  */
#ifndef CIQ_SERVER_GUESS_H
#define CIQ_SERVER_GUESS_H

#include "call/call.h"

typedef struct Guess Guess;

/* Before the password is looked at; identity as in sql/part/identity.sql.  NULL: the call has
 * failed, with RESOURCE_EXHAUSTED if there were too many. */
MUST_CHECK Guess *guess_begin(Call *call, const char *identity);

/* The password was wrong: fails the call with UNAUTHENTICATED in words that do not say what was
 * wrong, and has the failure counted. */
MUST_CHECK bool guess_failed(Call *call, const Guess *guess);

/* It was right. */
MUST_CHECK bool guess_passed(Call *call, const Guess *guess);

/* The account's owner has shown the link of a mail: this address is one where they sign in.  Ends
 * the open transaction, as the functions of throttle.h do. */
MUST_CHECK bool guess_proved(Call *call, const char *identity);

/* The old password of somebody who is signed in, by number: they have a counter of their own, so
 * that strangers cannot use it up. */
MUST_CHECK Guess *guess_begin_own(Call *call);
MUST_CHECK bool guess_failed_own(Call *call, const Guess *guess, const char *field);

#endif
