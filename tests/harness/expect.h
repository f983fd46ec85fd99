/* How calls are to end, and calls by name.  */
#ifndef CIQ_TESTS_EXPECT_H
#define CIQ_TESTS_EXPECT_H

#include "clientiq/client.h"
#include "harness/text.h"
#include "proto/wire.h"

#include <jansson.h>

/* Fails the test unless the error has this code (and, if text is not NULL, this text in its
 * message), or for CODE_OK, if there is an error; frees the error. */
void assert_code(CiqError *error, Code code, const char *text);
/* Fails the test with the error's message if there is one. */
void assert_ok(CiqError *error);

/* The code with which a call ended; frees the error. */
Code code_of(CiqError *error);

/* Any method by name with JSON in and out, as "ciq-client call" does it: call_json(client,
 * "UserService/GetUser", &error, "{\"id\": %d}", 1).  NULL: *error says why. */
json_t *call_json(CiqClient *client, const char *method, CiqError **error, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* The same, and fails the test unless it ends with this code and text (as assert_code). */
void expect_json(CiqClient *client, const char *method, Code code, const char *text,
                 const char *format, ...) __attribute__((format(printf, 5, 6)));

/* The code with which it ends. */
Code call_code(CiqClient *client, const char *method, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Calls again until it ends in another way than with this code, and gives the code of that. */
Code code_after(Code code, CiqClient *client, const char *method, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* How calls ended that ran at the same time: how many with each code. */
typedef struct Ends {
    _Atomic int codes[CODE_UNAUTHENTICATED + 1], count;
} Ends;

/* Counts the end of a call, in any thread; frees the error. */
void ends_add(Ends *ends, CiqError *error);

/* Waits until so many have ended. */
void wait_for_ends(const Ends *ends, int count);

/* What stands at "users.0.email" in an answer, as text ("true", "12"), good until the next call; ""
 * if nothing does. */
const char *json_at(const json_t *json, const char *path);

#endif
