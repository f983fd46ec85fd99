/* Passwords for those who did not bring one, made by the server and by the command line alike.  */
#ifndef CIQ_PASSWORD_H
#define CIQ_PASSWORD_H

enum { PASSWORD_RANDOM_LENGTH = 20 }; /* characters of 5 bits: 100 bits */

/* Writes a random one.  libsodium must have been started (sodium_init). */
void password_random(char password[PASSWORD_RANDOM_LENGTH + 1]);

#endif
