/* Which users of this machine are the local operator: who may do everything on the platform without
 * a token, when they come over ipc://, where the kernel says who they are.  */
#ifndef CIQ_SERVER_OPERATORS_H
#define CIQ_SERVER_OPERATORS_H

#include "base/compiler.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { OPERATORS_MAX = 16 };

typedef struct Operators {
    size_t count;
    uid_t uids[OPERATORS_MAX];
} Operators;

/* Reads the setting: uids separated by commas; "off": nobody; "": root and the user whom the server
 * runs as.  False: reason (of size bytes) says what is wrong. */
MUST_CHECK bool operators_read(const char *text, Operators *operators, char *reason, size_t size);

bool operators_has(const Operators *operators, uid_t uid);

#endif
