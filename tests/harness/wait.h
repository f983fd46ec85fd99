/* Waits of tests: for what happens, never for a time.  */
#ifndef CIQ_TESTS_WAIT_H
#define CIQ_TESTS_WAIT_H

#include <stdbool.h>
#include <stdint.h>

/* The monotonic clock, for how long something took: nobody sets it back. */
int64_t now_us(void);
int64_t now_ms(void);

/* Waits until condition(argument) is true, asking again; fails the test after 10 s. */
void wait_until(const char *what, bool (*condition)(void *argument), void *argument);

#endif
