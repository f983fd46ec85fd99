/* Read before anything listens, and by --check-config.  */
#include "serve/urls.h"
#include "base/ip.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool
urls_mode(const char *text, int *mode)
{
    char *end;
    long value = strtol(text, &end, 8);

    *mode = (int) value;
    return text[0] >= '0' && text[0] <= '7' && *end == '\0' && value <= 0777;
}

static bool
is_known_scheme(const char *url)
{
    static const char *const schemes[] = {"ipc://",     "unix://",     "abstract://",
                                          "tcp://",     "tcp4://",     "tcp6://",
                                          "tls+tcp://", "tls+tcp4://", "tls+tcp6://"};

    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
        if (strncmp(url, schemes[i], strlen(schemes[i])) == 0)
            return true;
    return false;
}

bool
urls_next(const char **urls, char url[NNG_MAXADDRLEN], bool *fits)
{
    size_t length = strcspn(*urls, ",");

    *fits = length < NNG_MAXADDRLEN;
    if (length == 0 || !*fits)
        return false;
    memcpy(url, *urls, length);
    url[length] = '\0';
    *urls += length + ((*urls)[length] == ',');
    return true;
}

bool
urls_is_tls(const char *url)
{
    return strncmp(url, "tls+", 4) == 0;
}

bool
urls_is_ipc(const char *url)
{
    return !urls_is_tls(url) && strncmp(url, "tcp", 3) != 0;
}

static bool
check_url(const Config *config, const char *url, char *reason, size_t size)
{
    if (!is_known_scheme(url)) {
        snprintf(reason, size,
                 "cannot listen on %s: a URL must begin with ipc://, abstract://, tcp:// or "
                 "tls+tcp://",
                 url);
        return false;
    }
    if (urls_is_tls(url) && (config->tls_certificate[0] == '\0' || config->tls_key[0] == '\0')) {
        snprintf(reason, size, "cannot listen on %s without --tls-certificate and --tls-key", url);
        return false;
    }
    if (urls_is_tls(url) || urls_is_ipc(url) || ip_port_is_loopback(strstr(url, "://") + 3) ||
        strcmp(config->plaintext_beyond_loopback, "on") == 0)
        return true;
    snprintf(reason, size,
             "cannot listen on %s: other machines would send tokens and passwords readable; "
             "listen on tls+tcp://, or say --plaintext-beyond-loopback on where the network is "
             "trusted",
             url);
    return false;
}

bool
urls_check(const Config *config, const char *urls, char *reason, size_t size)
{
    char url[NNG_MAXADDRLEN];
    size_t count = 0;
    bool fits;
    int mode;

    if (config->socket_mode[0] != '\0' && !urls_mode(config->socket_mode, &mode)) {
        snprintf(reason, size,
                 "--socket-mode must be an octal number from 0 to 0777 such as 0660, got \"%s\"",
                 config->socket_mode);
        return false;
    }
    while (urls_next(&urls, url, &fits)) {
        if (!check_url(config, url, reason, size))
            return false;
        count++;
    }
    if (urls[0] != '\0')
        snprintf(reason, size,
                 fits ? "--listen must not have an empty URL"
                      : "a URL to listen on must have at most %d bytes",
                 NNG_MAXADDRLEN - 1);
    else if (count > URLS_MAX)
        snprintf(reason, size, "--listen must have at most %d URLs, got %zu", URLS_MAX, count);
    return urls[0] == '\0' && count <= URLS_MAX;
}
