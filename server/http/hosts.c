/* Settings are read once; a request is then compared with lists in memory.  Whether a tenant has a
 * host is dispatch's to say.  */
#include "http/hosts.h"
#include "access/origin.h"
#include "base/hash.h"
#include "base/ip.h"
#include "call/host.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PLATFORMS_MAX = 32, PROXIES_MAX = 64, ENTRY_MAX = 256 };

typedef struct Network {
    uint8_t address[IP_SIZE];
    unsigned bits;
} Network;

struct Hosts {
    char platforms[PLATFORMS_MAX][HOST_SIZE];
    size_t platforms_count;
    bool loopback_is_platform;
    Network proxies[PROXIES_MAX];
    size_t proxies_count;
};

/* ---- addresses ---- */

static bool
is_within(const uint8_t address[IP_SIZE], const Network *network)
{
    unsigned bytes = network->bits / 8, bits = network->bits % 8;

    return memcmp(address, network->address, bytes) == 0 &&
           (bits == 0 || ((address[bytes] ^ network->address[bytes]) >> (8 - bits)) == 0);
}

static bool
is_loopback(const char *text)
{
    uint8_t address[IP_SIZE];

    return ip_read(text, address) && ip_is_loopback(address);
}

static bool
trusts(const Hosts *hosts, const char *text)
{
    uint8_t address[IP_SIZE];

    if (hosts->proxies_count == 0 || !ip_read(text, address))
        return false;
    for (size_t i = 0; i < hosts->proxies_count; i++)
        if (is_within(address, &hosts->proxies[i]))
            return true;
    return false;
}

/* "1.2.3.4:80", "[::1]:80" and both without port, without port and brackets. */
static bool
cut_port(Slice text, char address[ORIGIN_SIZE])
{
    const char *end;

    if (text.size > 0 && text.at[0] == '[') {
        end = memchr(text.at, ']', text.size);
        return end != NULL &&
               slice_copy((Slice){text.at + 1, (size_t) (end - text.at - 1)}, address, ORIGIN_SIZE);
    }
    end = text.size == 0 ? NULL : memchr(text.at, ':', text.size);
    if (end != NULL && memchr(end + 1, ':', text.size - (size_t) (end + 1 - text.at)) == NULL)
        text.size = (size_t) (end - text.at);
    return slice_copy(text, address, ORIGIN_SIZE);
}

/* ---- settings ---- */

/* A host as it is compared: lower case, without port, brackets and trailing dot. */
static bool
host_key(Slice host, char key[HOST_SIZE])
{
    const char *end;
    bool has_brackets = host.size > 0 && host.at[0] == '[';

    if (has_brackets)
        host = (Slice){host.at + 1, host.size - 1};
    end = host.size == 0 ? NULL : memchr(host.at, has_brackets ? ']' : ':', host.size);
    if (end != NULL)
        host.size = (size_t) (end - host.at);
    if (host.size > 1 && host.at[host.size - 1] == '.')
        host.size--;
    if (host.size == 0 || !slice_copy(host, key, HOST_SIZE))
        return false;
    for (char *c = key; *c != '\0'; c++)
        *c = (char) tolower((unsigned char) *c);
    return true;
}

static bool
read_platforms(Hosts *hosts, const Config *config, char *reason, size_t size)
{
    Slice rest = {config->platform_hosts, strlen(config->platform_hosts)}, part;
    Slice base = {config->base_domain, strlen(config->base_domain)};

    if (rest.size == 0) {
        hosts->loopback_is_platform = true;
        (void) host_key((Slice){"localhost", 9}, hosts->platforms[hosts->platforms_count++]);
        hosts->platforms_count += base.size > 0 && host_key(base, hosts->platforms[1]);
        return true;
    }
    while (slice_next(&rest, ',', &part)) {
        if (hosts->platforms_count == PLATFORMS_MAX) {
            snprintf(reason, size, "--platform-hosts must name at most %d hosts", PLATFORMS_MAX);
            return false;
        }
        if (!host_key(slice_trim(part), hosts->platforms[hosts->platforms_count++])) {
            snprintf(reason, size,
                     "--platform-hosts must be host names and addresses separated by commas");
            return false;
        }
    }
    return true;
}

/* "10.0.0.0/8", "2001:db8::/32", or one address. */
static bool
read_network(Slice text, Network *network)
{
    char address[ORIGIN_SIZE], bits[4] = "";
    Slice rest = text, part;
    bool is_ipv4;
    unsigned long most, number;
    char *end;

    if (!slice_next(&rest, '/', &part) || !slice_copy(part, address, sizeof address) ||
        !ip_read(address, network->address))
        return false;
    is_ipv4 = strchr(address, ':') == NULL;
    most = is_ipv4 ? 32 : 128;
    network->bits = 128;
    if (rest.at == NULL)
        return true;
    if (rest.size == 0 || !slice_copy(rest, bits, sizeof bits) || !isdigit((unsigned char) bits[0]))
        return false;
    number = strtoul(bits, &end, 10);
    network->bits = (unsigned) (128 - most + number);
    return *end == '\0' && number <= most;
}

static bool
read_proxies(Hosts *hosts, const Config *config, char *reason, size_t size)
{
    Slice rest = {config->trusted_proxies, strlen(config->trusted_proxies)}, part;

    while (rest.size > 0 && slice_next(&rest, ',', &part)) {
        if (hosts->proxies_count == PROXIES_MAX ||
            !read_network(slice_trim(part), &hosts->proxies[hosts->proxies_count++])) {
            snprintf(reason, size,
                     "--trusted-proxies must be at most %d addresses or networks such as "
                     "10.0.0.0/8, separated by commas",
                     PROXIES_MAX);
            return false;
        }
    }
    return true;
}

Hosts *
hosts_new(const Config *config, char *reason, size_t size)
{
    Hosts *hosts = calloc(1, sizeof *hosts);

    snprintf(reason, size, "no memory");
    if (hosts != NULL && read_platforms(hosts, config, reason, size) &&
        read_proxies(hosts, config, reason, size))
        return hosts;
    hosts_free(hosts);
    return NULL;
}

void
hosts_free(Hosts *hosts)
{
    free(hosts);
}

/* ---- requests ---- */

/* The last address that no trusted proxy has: whoever connected to the first of them.  What stands
 * before it anybody may have written. */
static void
read_forwarded_for(const Hosts *hosts, const Head *head, Peer *peer)
{
    char address[ORIGIN_SIZE], found[ORIGIN_SIZE], key[ORIGIN_SIZE];
    bool goes_on = true;

    for (size_t i = head->count; i > 0 && goes_on; i--) {
        Slice left = head->fields[i - 1].value;

        if (!slice_is_nocase(head->fields[i - 1].name, "X-Forwarded-For"))
            continue;
        while (goes_on && left.size > 0) {
            size_t begin = left.size;

            while (begin > 0 && left.at[begin - 1] != ',')
                begin--;
            goes_on = cut_port(slice_trim((Slice){left.at + begin, left.size - begin}), found) &&
                      origin_address(found, address);
            if (!goes_on)
                break;
            snprintf(peer->address, sizeof peer->address, "%s", address);
            goes_on = trusts(hosts, address);
            left.size = begin > 0 ? begin - 1 : 0;
        }
    }
    origin_key(peer->address, key);
    peer->address_hash = hash_bytes(key, strlen(key));
}

static bool
is_platform(const Hosts *hosts, const char *key)
{
    if (hosts->loopback_is_platform && is_loopback(key))
        return true;
    for (size_t i = 0; i < hosts->platforms_count; i++)
        if (strcmp(hosts->platforms[i], key) == 0)
            return true;
    return false;
}

static void
refuse(HostsAnswer *answer, unsigned status, const char *words)
{
    answer->status = status;
    answer->words = words;
}

/* On a host of the platform a field may name the tenant; elsewhere the host does, and the field may
 * only say the same. */
static void
find_tenant(const Hosts *hosts, Slice host, Slice named, HostsAnswer *answer)
{
    char key[HOST_SIZE], named_key[HOST_SIZE];

    if (!host_key(host, key)) {
        refuse(answer, 400, "Host must be a host name of 1 to 253 characters, or an address");
        return;
    }
    if (is_platform(hosts, key)) {
        if (named.at != NULL && !slice_copy(named, answer->tenant, sizeof answer->tenant))
            refuse(answer, 400, "Ciq-Tenant must be at most 260 bytes");
        return;
    }
    if (named.at != NULL && (!host_key(named, named_key) || strcmp(named_key, key) != 0)) {
        refuse(answer, 400,
               "Ciq-Tenant may name another tenant than the host's only on a host of the platform");
        return;
    }
    if (!host_is_domain(key)) {
        refuse(answer, 404, "this host is neither the platform's nor a tenant's");
        return;
    }
    memcpy(answer->tenant, key, strlen(key) + 1);
}

void
hosts_find(const Hosts *hosts, const Head *head, Peer *peer, HostsAnswer *answer)
{
    Slice host = head->host, named, forwarded;
    char address[ORIGIN_SIZE];
    bool is_twice, is_forwarded_twice;

    *answer = (HostsAnswer){.status = 0};
    named = head_field(head, "Ciq-Tenant", &is_twice);
    if (is_twice) {
        refuse(answer, 400, "Ciq-Tenant must be given once");
        return;
    }
    if (cut_port((Slice){peer->address, strlen(peer->address)}, address) &&
        trusts(hosts, address)) {
        read_forwarded_for(hosts, head, peer);
        forwarded = head_field(head, "X-Forwarded-Host", &is_forwarded_twice);
        if (is_forwarded_twice) {
            refuse(answer, 400, "X-Forwarded-Host must be given once");
            return;
        }
        if (forwarded.at != NULL)
            host = forwarded;
    }
    if (host.size == 0)
        refuse(answer, 400, "Host is required: it says which tenant is meant");
    else
        find_tenant(hosts, host, named, answer);
}
