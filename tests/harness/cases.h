/* cmocka, with what its header wants to be there before it.  */
#ifndef CIQ_TESTS_CASES_H
#define CIQ_TESTS_CASES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif
