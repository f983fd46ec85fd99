/* What the database says of the platform as a whole, for whoever watches it.  */
#ifndef CIQ_SERVER_FIGURES_H
#define CIQ_SERVER_FIGURES_H

#include "call/call.h"

/* Counts tenants by state, migration runs and the platform's mails: a task of a job, where somebody
 * may ask (--http-admin). */
MUST_CHECK bool figures_count(Call *call, void *state);

#endif
