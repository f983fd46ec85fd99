/* Only what is directly under the base domain: mail.acme.example.com is acme's own.  */
#include "call/kept.h"
#include "call/host.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static const char *const kept_labels[] = {
#define KEPT(label) label,
#include "call/kept.def"
#undef KEPT
};

/* Whether a list, separated by commas, has the word. */
static bool
list_has(const char *list, const char *word, size_t size)
{
    for (;; list++) {
        size_t length = strcspn(list, ",");

        if (length == size && strncasecmp(list, word, size) == 0)
            return true;
        list += length;
        if (*list == '\0')
            return false;
    }
}

static bool
is_kept_label(const Config *config, const char *label, size_t size)
{
    for (size_t i = 0; i < sizeof kept_labels / sizeof *kept_labels; i++)
        if (strlen(kept_labels[i]) == size && strncmp(kept_labels[i], label, size) == 0)
            return true;
    return list_has(config->reserved_labels, label, size);
}

const char *
kept_host_wrong(const Config *config, const char *host)
{
    const char *base = host_base_domain(config);
    size_t label = strcspn(host, ".");

    if (strcasecmp(host, base) == 0)
        return "must not be the platform's base domain itself";
    if (strcasecmp(host, config->public_host) == 0)
        return "must not be the platform's own host";
    if (host[label] == '.' && strcasecmp(host + label + 1, base) == 0 &&
        is_kept_label(config, host, label))
        return "must not be a name that is kept for the platform's own hosts";
    return NULL;
}

bool
kept_check(const Config *config, char *reason, size_t size)
{
    char name[HOST_SIZE];
    const char *list = config->reserved_labels;
    const char *wrong =
        config->base_domain[0] != '\0' ? host_normalise(config->base_domain, false, name) : NULL;

    if (wrong != NULL) {
        snprintf(reason, size, "--base-domain %s: \"%s\"", wrong, config->base_domain);
        return false;
    }
    if (config->base_domain[0] != '\0' && strcasecmp(name, config->base_domain) != 0) {
        snprintf(reason, size, "--base-domain must be written as \"%s\", got \"%s\"", name,
                 config->base_domain);
        return false;
    }
    while (list[0] != '\0') {
        size_t label = strcspn(list, ",");

        if (label == 0 || label > 63 ||
            strspn(list, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") <
                label ||
            (list[label] == ',' && list[label + 1] == '\0')) {
            snprintf(reason, size,
                     "--reserved-labels must be labels of host names separated by commas, got "
                     "\"%s\"",
                     config->reserved_labels);
            return false;
        }
        list += label + (list[label] == ',');
    }
    return true;
}
