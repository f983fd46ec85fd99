/* What every suite with a server uses, in one include; each part says what it is for.
 *
 * Failures end the test by cmocka's fail(); call only from the test's own thread.  */
#ifndef CIQ_TESTS_HARNESS_H
#define CIQ_TESTS_HARNESS_H

#include "harness/cases.h"
#include "harness/database.h"
#include "harness/expect.h"
#include "harness/file.h"
#include "harness/people.h"
#include "harness/peer.h"
#include "harness/server.h"
#include "harness/wait.h"
#include "harness/world.h"

#endif
