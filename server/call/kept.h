/* Host names under the platform's base domain that no tenant gets: mail systems, browsers and
 * certificate authorities trust them to be the platform's own, or people would.  */
#ifndef CIQ_SERVER_KEPT_H
#define CIQ_SERVER_KEPT_H

#include "base/compiler.h"
#include "base/config.h"

#include <stdbool.h>
#include <stddef.h>

/* NULL, or why no tenant may have it: a constant text.  host: as host_normalise gives it. */
MUST_CHECK const char *kept_host_wrong(const Config *config, const char *host);

/* Whether --base-domain and --reserved-labels are what they must be. */
MUST_CHECK bool kept_check(const Config *config, char *reason, size_t size);

#endif
