/* Host names as the registry keeps them, and the names by which tenants are called.  Everything
 * that takes a host from outside comes through here, so that "Bücher.Example.:443" and
 * "xn--bcher-kva.example" are the same domain everywhere.  */
#ifndef CIQ_SERVER_HOST_H
#define CIQ_SERVER_HOST_H

#include "call/call.h"

enum {
    HOST_SIZE = LIMIT_HOST + 1,
    HOST_LETTERS_SIZE = HOST_SIZE * 4, /* UTF-8 takes up to four bytes a character */
    HOST_PROVABLE =
        233 /* of a domain that is to be proved: the record's name is 20 characters longer */
};

typedef enum HostKind {
    HOST_DEVELOPMENT, /* localhost, and what ends with .localhost (RFC 6761) */
    HOST_PLATFORM,    /* under the platform's base domain */
    HOST_CUSTOM       /* a customer's own */
} HostKind;

typedef struct Host {
    char name[HOST_SIZE];
    HostKind kind;
} Host;

/* Lower case, without port and trailing dot, in ASCII (IDNA 2008, RFC 5891); without a leading
 * "www." if strip_www.  NULL, or what is wrong: a constant text; name is then undefined. */
MUST_CHECK const char *host_normalise(const char *text, bool strip_www, char name[HOST_SIZE]);

/* A name that host_normalise gave, as people write it: "xn--bcher-kva.example" is
 * "bücher.example". */
void host_to_letters(const char *name, char letters[HOST_LETTERS_SIZE]);

/* The same as host_normalise by the server's settings. */
MUST_CHECK const char *host_name(const Core *core, const char *text, char name[HOST_SIZE]);

/* The same with the kind; fails the call with the field's name. */
MUST_CHECK bool host_read(Call *call, const char *field, const char *text, Host *host);

/* Under which the platform gives domains to tenants: the setting's, or else localhost. */
const char *host_base_domain(const Config *config);

/* As the registry has it: development, platform, custom. */
const char *host_kind_name(HostKind kind);

/* Whether DNS must prove that a domain is its tenant's before it leads there. */
bool host_must_prove(const Core *core, HostKind kind);

/* Whether an envelope's tenant is a domain (it has a dot or is "localhost", port aside) or a schema
 * name. */
bool host_is_domain(const char *tenant);

#endif
