/* Called by dispatch for every tenant that is named by a domain, and by the handlers about domains;
 * never asks the database or the network.  */
#include "call/host.h"
#include "call/names.h"
#include "base/config.h"

#include <ctype.h>
#include <idn2.h>
#include <string.h>
#include <strings.h>

/* Without port; NULL if the text is no host with a port either. */
static const char *
cut_port(const char *text, size_t *size)
{
    const char *colon = strchr(text, ':');

    *size = strlen(text);
    if (text[0] == '[' || (colon != NULL && strchr(colon + 1, ':') != NULL))
        return "must be a host name, not an address";
    if (strchr(text, '/') != NULL)
        return "must be a host name, without scheme or path";
    if (colon == NULL)
        return NULL;
    if (colon[1] == '\0' || strspn(colon + 1, "0123456789") != strlen(colon + 1) ||
        strlen(colon + 1) > 5)
        return "must be a host name, or one with a port number";
    *size = (size_t) (colon - text);
    return NULL;
}

/* IDNA 2008 with the mappings of UTS 46, as browsers do: capital letters and full-width forms are
 * taken.  A name that is in ASCII already must be the one that its letters give: what decodes to
 * the letters of another name would be a second spelling of it. */
static const char *
to_ascii(char name[HOST_LETTERS_SIZE], bool is_ascii)
{
    char *letters = NULL, *ascii = NULL;
    const char *wrong = NULL;

    if ((is_ascii && idn2_to_unicode_8z8z(name, &letters, 0) != IDN2_OK) ||
        idn2_to_ascii_8z(is_ascii ? letters : name, &ascii,
                         IDN2_NONTRANSITIONAL | IDN2_NFC_INPUT) != IDN2_OK)
        wrong = "must be a host name that IDNA 2008 allows";
    else if (is_ascii && strcmp(ascii, name) != 0)
        wrong = "must be written as its letters are in ASCII (IDNA 2008)";
    else if (strlen(ascii) >= HOST_LETTERS_SIZE)
        wrong = "must be at most 253 characters in its ASCII form";
    else
        memcpy(name, ascii, strlen(ascii) + 1);
    idn2_free(letters);
    idn2_free(ascii);
    return wrong;
}

/* The dot that ends a host name says only that nothing follows it.  One of them: a second would be
 * an empty label.  After IDNA, which knows dots that are not ASCII's. */
static void
cut_dot(char *name)
{
    size_t size = strlen(name);

    if (size > 1 && name[size - 1] == '.')
        name[size - 1] = '\0';
}

const char *
host_normalise(const char *text, bool strip_www, char name[HOST_SIZE])
{
    char work[HOST_LETTERS_SIZE];
    bool is_ascii = true;
    size_t size;
    const char *wrong = cut_port(text, &size);

    if (wrong != NULL)
        return wrong;
    if (size == 0 || size >= sizeof work)
        return "must be a host name of 1 to 253 characters";
    for (size_t i = 0; i < size; i++) {
        is_ascii = is_ascii && (unsigned char) text[i] < 0x80;
        work[i] =
            (char) ((unsigned char) text[i] < 0x80 ? tolower((unsigned char) text[i]) : text[i]);
    }
    work[size] = '\0';
    if ((!is_ascii || strstr(work, "xn--") != NULL) && (wrong = to_ascii(work, is_ascii)) != NULL)
        return wrong;
    cut_dot(work);
    if ((wrong = names_host_wrong(work)) != NULL)
        return wrong;

    bool strip = strip_www && strncmp(work, "www.", 4) == 0 && strchr(work + 4, '.') != NULL;
    const char *host = strip ? work + 4 : work;

    memcpy(name, host, strlen(host) + 1);
    return NULL;
}

void
host_to_letters(const char *name, char letters[HOST_LETTERS_SIZE])
{
    char *read = NULL;
    bool ok = idn2_to_unicode_8z8z(name, &read, 0) == IDN2_OK && strlen(read) < HOST_LETTERS_SIZE;

    memcpy(letters, ok ? read : name, strlen(ok ? read : name) + 1);
    idn2_free(read);
}

const char *
host_name(const Core *core, const char *text, char name[HOST_SIZE])
{
    return host_normalise(text, strcmp(core->config->www, "strip") == 0, name);
}

/* True if the host is the domain or lies under it. */
static bool
is_under(const char *host, const char *domain)
{
    size_t host_size = strlen(host), size = strlen(domain);

    return size > 0 && host_size >= size && strcasecmp(host + host_size - size, domain) == 0 &&
           (host_size == size || host[host_size - size - 1] == '.');
}

bool
host_read(Call *call, const char *field, const char *text, Host *host)
{
    const char *base_domain = call->core->config->base_domain;
    const char *wrong = host_name(call->core, text, host->name);

    if (wrong != NULL)
        return call_fail_field(call, field, "%s", wrong);
    host->kind = is_under(host->name, "localhost")   ? HOST_DEVELOPMENT
                 : is_under(host->name, base_domain) ? HOST_PLATFORM
                                                     : HOST_CUSTOM;
    return true;
}

const char *
host_base_domain(const Config *config)
{
    return config->base_domain[0] != '\0' ? config->base_domain : "localhost";
}

const char *
host_kind_name(HostKind kind)
{
    switch (kind) {
    case HOST_DEVELOPMENT:
        return "development";
    case HOST_PLATFORM:
        return "platform";
    case HOST_CUSTOM:
        break;
    }
    return "custom";
}

bool
host_must_prove(const Core *core, HostKind kind)
{
    return kind == HOST_CUSTOM && strcmp(core->config->verify_domains, "on") == 0;
}

bool
host_is_domain(const char *tenant)
{
    size_t size = strcspn(tenant, ":");

    return memchr(tenant, '.', size) != NULL ||
           (size == 9 && strncasecmp(tenant, "localhost", 9) == 0);
}
