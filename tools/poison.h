/* Functions that our own code must not call: ciq_strict() includes this header before every file
 * that is compiled with it, and the compiler refuses each use.  The system's headers that declare
 * them come first, since the words may not appear in any header after this one.
 *
 * stpcpy is not among them: the few who join texts add up the room first, and it says where the
 * next one goes.  */
#ifndef CIQ_POISON_H
#define CIQ_POISON_H

#include <stdio.h>
#include <string.h>

/* They write without knowing how much room there is: snprintf, or memcpy of a checked size. */
#pragma GCC poison gets sprintf vsprintf strcpy strcat
/* They know it, and mislead: strncpy does not end a text that it cuts, and the size that strncat
 * takes is not that of the room. */
#pragma GCC poison strncpy strncat
/* It has one state for the whole process: strtok_r. */
#pragma GCC poison strtok

#endif
