/* IPv4 and IPv6 addresses as text and as bytes, and with a port behind them.  An IPv4 address is
 * kept as IPv6 has it (::ffff:10.0.0.1; RFC 4291, 2.5.5.2), so that there is one kind, and is the
 * same address in both.  */
#ifndef CIQ_SERVER_IP_H
#define CIQ_SERVER_IP_H

#include "base/compiler.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { IP_SIZE = 16, IP_TEXT_SIZE = 46 };

/* Of text without brackets, port and zone.  False: it is not an address. */
MUST_CHECK bool ip_read(const char *text, uint8_t address[IP_SIZE]);

/* In the one form that RFC 5952 has; of IPv4 the usual one. */
void ip_write(const uint8_t address[IP_SIZE], char text[IP_TEXT_SIZE]);

bool ip_is_v4(const uint8_t address[IP_SIZE]);

/* Whether only this machine can use it: 127.0.0.0/8, ::1. */
bool ip_is_loopback(const uint8_t address[IP_SIZE]);

/* The same of an address with a port: "127.0.0.1:80", "[::1]:80", and "localhost:80".  A name that
 * only looks like an address is none. */
bool ip_port_is_loopback(const char *text);

/* "127.0.0.1:80", "[::1]:80", of what a socket's address has: family AF_INET or AF_INET6, and
 * address and port in the network's order.  "unknown" for another family. */
void ip_print_peer(int family, const void *address, uint16_t port, char *text, size_t size);

#endif
