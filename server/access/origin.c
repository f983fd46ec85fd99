/* Called where calls of strangers are counted, and by dispatch for whom a call is.  Asks nobody. */
#include "access/origin.h"
#include "base/ip.h"

#include <stdio.h>
#include <string.h>

/* "[::1]:80", "::1", "1.2.3.4:80" or "1.2.3.4" without brackets, port and interface. */
static void
cut_port(const char *address, char host[ORIGIN_SIZE])
{
    const char *colon = strchr(address, ':');
    size_t size = strlen(address);

    if (address[0] == '[') {
        address++;
        size = strcspn(address, "]");
    } else if (colon != NULL && strchr(colon + 1, ':') == NULL &&
               strspn(colon + 1, "0123456789") == strlen(colon + 1)) {
        size = (size_t) (colon - address);
    }
    snprintf(host, ORIGIN_SIZE, "%.*s", (int) (size < ORIGIN_SIZE ? size : ORIGIN_SIZE - 1),
             address);
    /* the interface of an address that holds on one link ("fe80::1%eth0") is ours, not theirs */
    if (strchr(host, ':') != NULL)
        host[strcspn(host, "%")] = '\0';
}

bool
origin_address(const char *text, char address[ORIGIN_SIZE])
{
    uint8_t read[IP_SIZE];

    if (!ip_read(text, read))
        return false;
    ip_write(read, address);
    return true;
}

void
origin_key(const char *address, char key[ORIGIN_SIZE])
{
    char host[ORIGIN_SIZE];
    uint8_t read[IP_SIZE];

    cut_port(address, host);
    if (!ip_read(host, read)) {
        snprintf(key, ORIGIN_SIZE, "%s", host);
        return;
    }

    bool is_network = !ip_is_v4(read);

    if (is_network)
        memset(read + 8, 0, 8);
    ip_write(read, key);
    if (is_network)
        snprintf(key + strlen(key), ORIGIN_SIZE - strlen(key), "/64");
}
