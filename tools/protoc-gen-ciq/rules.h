/* What the rule of each rpc must be, for the server to carry it out and the client to offer it.  */
#ifndef CIQ_GENERATOR_RULES_H
#define CIQ_GENERATOR_RULES_H

#include "model.h"

/* Adds what is wrong with the method's rule, and with the flags that ciq-client would have for it.
 */
void rules_check(const Method *method, Text *errors);

/* Adds each command that two methods have. */
void rules_check_commands(const Model *model, Text *errors);

#endif
