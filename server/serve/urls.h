/* What the settings say of listening: URLs, and the mode of sockets.  */
#ifndef CIQ_SERVER_URLS_H
#define CIQ_SERVER_URLS_H

#include "base/compiler.h"
#include "base/config.h"

#include <nng/nng.h>

enum { URLS_MAX = 16 };

/* The next of several URLs (separated by commas), which *urls is moved behind.  False: there is
 * none, or it is empty or too long; *fits tells which. */
MUST_CHECK bool urls_next(const char **urls, char url[NNG_MAXADDRLEN], bool *fits);

/* Whether a URL that urls_check has seen is for TLS, or for this machine alone (ipc:// and its
 * kin). */
bool urls_is_tls(const char *url);
bool urls_is_ipc(const char *url);

/* The permissions that the text names in octal.  False: it names none. */
MUST_CHECK bool urls_mode(const char *text, int *mode);

/* Whether URLs and settings can be what is meant.  False: reason says what cannot. */
MUST_CHECK bool urls_check(const Config *config, const char *urls, char *reason, size_t size);

#endif
