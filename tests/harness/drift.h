/* VerifySchema in tests.  */
#ifndef CIQ_TESTS_DRIFT_H
#define CIQ_TESTS_DRIFT_H

#include "clientiq/client.h"

/* Of one schema, or of all ("").  Fails the test if the call does; the caller frees it. */
CiqVerifySchemaResponse *drift_verify(CiqClient *platform, const char *schema);

/* Prints all differences, for whoever reads why a test failed. */
void drift_print(const CiqVerifySchemaResponse *response);

#endif
