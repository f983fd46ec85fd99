/* Called where calls of strangers are counted, and by dispatch for whom a call is.  Asks nobody. */
#include "access/origin.h"

#include <arpa/inet.h>
#include <netinet/in.h>
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

/* An IPv4 address as the IPv6 address that it is mapped to. */
static bool
read_address(const char *text, struct in6_addr *address)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

    memcpy(address->s6_addr, mapped, sizeof mapped);
    return inet_pton(AF_INET, text, address->s6_addr + sizeof mapped) == 1 ||
           inet_pton(AF_INET6, text, address) == 1;
}

static void
write_address(const struct in6_addr *address, char text[ORIGIN_SIZE])
{
    if (IN6_IS_ADDR_V4MAPPED(address))
        inet_ntop(AF_INET, address->s6_addr + 12, text, ORIGIN_SIZE);
    else
        inet_ntop(AF_INET6, address, text, ORIGIN_SIZE);
}

bool
origin_address(const char *text, char address[ORIGIN_SIZE])
{
    struct in6_addr read;

    if (!read_address(text, &read))
        return false;
    write_address(&read, address);
    return true;
}

void
origin_key(const char *address, char key[ORIGIN_SIZE])
{
    char host[ORIGIN_SIZE];
    struct in6_addr read;

    cut_port(address, host);
    if (!read_address(host, &read)) {
        snprintf(key, ORIGIN_SIZE, "%s", host);
        return;
    }

    bool is_network = !IN6_IS_ADDR_V4MAPPED(&read);

    if (is_network)
        memset(read.s6_addr + 8, 0, 8);
    write_address(&read, key);
    if (is_network)
        snprintf(key + strlen(key), ORIGIN_SIZE - strlen(key), "/64");
}
