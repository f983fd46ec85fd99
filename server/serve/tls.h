/* TLS of the listener's tls+tcp:// URLs, by nng and its engine.  */
#ifndef CIQ_SERVER_TLS_H
#define CIQ_SERVER_TLS_H

#include "base/compiler.h"
#include "base/config.h"

#include <nng/nng.h>
#include <nng/supplemental/tls/tls.h>

/* Certificate and key of the settings, for TLS 1.2 and newer.  The caller frees it
 * (nng_tls_config_free).  NULL: they cannot be used, and reason says why. */
MUST_CHECK nng_tls_config *tls_config_new(const Config *config, char *reason, size_t size);

#endif
