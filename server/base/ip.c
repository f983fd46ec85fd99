/* By inet_pton and inet_ntop.  */
#include "base/ip.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

enum { V4_AT = 12 /* where the bytes of an IPv4 address begin */ };

static const uint8_t mapped[V4_AT] = {[10] = 0xff, [11] = 0xff};

bool
ip_read(const char *text, uint8_t address[IP_SIZE])
{
    memcpy(address, mapped, sizeof mapped);
    return inet_pton(AF_INET, text, address + V4_AT) == 1 ||
           inet_pton(AF_INET6, text, address) == 1;
}

bool
ip_is_v4(const uint8_t address[IP_SIZE])
{
    return memcmp(address, mapped, sizeof mapped) == 0;
}

void
ip_write(const uint8_t address[IP_SIZE], char text[IP_TEXT_SIZE])
{
    if (ip_is_v4(address))
        inet_ntop(AF_INET, address + V4_AT, text, IP_TEXT_SIZE);
    else
        inet_ntop(AF_INET6, address, text, IP_TEXT_SIZE);
}

bool
ip_is_loopback(const uint8_t address[IP_SIZE])
{
    static const uint8_t one[IP_SIZE] = {[15] = 1};

    return ip_is_v4(address) ? address[V4_AT] == IN_LOOPBACKNET
                             : memcmp(address, one, IP_SIZE) == 0;
}

bool
ip_port_is_loopback(const char *text)
{
    const char *colon = strrchr(text, ':');
    size_t size = colon == NULL ? 0 : (size_t) (colon - text);
    bool has_brackets = size > 1 && text[0] == '[' && colon[-1] == ']';
    uint8_t address[IP_SIZE];
    char host[IP_TEXT_SIZE];

    if (has_brackets) {
        text++;
        size -= 2;
    }
    if (size >= sizeof host)
        return false;
    memcpy(host, text, size);
    host[size] = '\0';
    return (!has_brackets && strcmp(host, "localhost") == 0) ||
           (ip_read(host, address) && ip_is_loopback(address));
}

void
ip_print_peer(int family, const void *address, uint16_t port, char *text, size_t size)
{
    char host[IP_TEXT_SIZE];

    if ((family != AF_INET && family != AF_INET6) ||
        inet_ntop(family, address, host, sizeof host) == NULL)
        snprintf(text, size, "unknown");
    else
        snprintf(text, size, family == AF_INET ? "%s:%u" : "[%s]:%u", host, (unsigned) ntohs(port));
}
