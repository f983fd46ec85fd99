/* Keeps no copy of what it makes.  */
#include "proto/password.h"

#include <sodium.h>
#include <stddef.h>

void
password_random(char password[PASSWORD_RANDOM_LENGTH + 1])
{
    /* 32 signs that nobody confuses: no i, l, o, 0, 1 */
    static const char signs[] = "abcdefghjkmnpqrstuvwxyz23456789-";

    _Static_assert(sizeof signs - 1 == 32, "a character has 5 bits");
    for (int i = 0; i < PASSWORD_RANDOM_LENGTH; i++)
        password[i] = signs[randombytes_uniform(sizeof signs - 1)];
    password[PASSWORD_RANDOM_LENGTH] = '\0';
}
