/* What ciq-client keeps between two runs, in files that only their owner can read, in CIQ_HOME, or
 * XDG_CONFIG_HOME/clientiq, or ~/.config/clientiq: "tokens" and "passwords", both JSON, by server
 * and tenant.  What was kept before servers were told apart is found for any of them, until
 * something newer is kept.  */
#ifndef CIQ_CLI_STATE_H
#define CIQ_CLI_STATE_H

#include <stdbool.h>

/* The server's URLs, as the client library would dial them, before anything else is asked. */
void state_use_server(const char *urls);

/* NULL or "" as a tenant is the platform.  Texts live until the program ends. */
const char *state_token(const char *tenant); /* NULL: none */
const char *state_current_tenant(void);      /* of the last login to a tenant; NULL: none */
const char *state_last_tenant(void);         /* of the last login; "" if to the platform */
void state_keep_token(const char *tenant, const char *token); /* token NULL: forget it */

const char *state_password(const char *tenant, const char *email); /* NULL: none */
void state_keep_password(const char *tenant, const char *email,
                         const char *password); /* NULL: forget */
const char *state_path(const char *name);       /* "passwords": the file's whole name */

#endif
