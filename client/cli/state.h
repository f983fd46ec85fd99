/* What ciq-client keeps between two runs: tokens and passwords, by server and tenant, in two JSON
 * files that only their owner can read.  They are in CIQ_HOME, or XDG_CONFIG_HOME/clientiq, or
 * ~/.config/clientiq.  Older versions did not keep things by server: what they kept is found for
 * every server, until something newer is kept.  */
#ifndef CIQ_CLI_STATE_H
#define CIQ_CLI_STATE_H

#include <stdbool.h>

/* Says which server it is, by its URLs.  To be called before all other functions here. */
void state_use_server(const char *urls);

/* A tenant that is NULL or "" is the platform.  Texts live until the program ends. */
const char *state_token(const char *tenant); /* NULL: none */
const char *state_current_tenant(void);      /* signed in to last; NULL: none */
const char *state_last_tenant(void); /* the same, but "" if the last login was to the platform */
void state_keep_token(const char *tenant, const char *token); /* token NULL: forget it */

const char *state_password(const char *tenant, const char *email); /* NULL: none */
void state_keep_password(const char *tenant, const char *email,
                         const char *password); /* password NULL: forget it */
const char *state_path(const char *name);       /* the path of the file "passwords" */

#endif
