/* An eventfd that is written to once.  */
#include "base/stop.h"

#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

int
stop_new(void)
{
    return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

void
stop_raise(int descriptor)
{
    /* it fails only where the descriptor is readable already */
    if (descriptor >= 0)
        (void) !write(descriptor, &(uint64_t){1}, sizeof(uint64_t));
}
