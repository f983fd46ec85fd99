/* Called where calls of strangers are counted.  Asks nobody.  */
#include "access/origin.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

/* "[::1]:80", "::1", "1.2.3.4:80" or "1.2.3.4" without brackets and port. */
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
}

void
origin_key(const char *address, char key[ORIGIN_SIZE])
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    char host[ORIGIN_SIZE], text[INET6_ADDRSTRLEN];
    struct in6_addr ip;

    cut_port(address, host);
    if (inet_pton(AF_INET6, host, &ip) != 1)
        snprintf(key, ORIGIN_SIZE, "%s", host);
    else if (memcmp(ip.s6_addr, mapped, sizeof mapped) == 0)
        inet_ntop(AF_INET, ip.s6_addr + sizeof mapped, key, ORIGIN_SIZE);
    else {
        memset(ip.s6_addr + 8, 0, 8);
        inet_ntop(AF_INET6, &ip, text, sizeof text);
        snprintf(key, ORIGIN_SIZE, "%s/64", text);
    }
}
