/* Two small JSON files.  A changed file takes the place of the old one as a whole, so that none is
 * ever half written.  */
#include "client/cli/state.h"
#include "client/cli/exit.h"
#include "client/cli/folder.h"
#include "server/base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

enum {
    PATH_SIZE = 512,
    LOCK_MAX_MS = 10000, /* for another run to write its file */
    LOCK_LOOK_MS = 20
};

static const char *
state_folder(void)
{
    static char path[PATH_SIZE];
    int size;
    const char *own = getenv("CIQ_HOME"), *xdg = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");

    if (own != NULL && own[0] != '\0')
        size = snprintf(path, sizeof path, "%s", own);
    else if (xdg != NULL && xdg[0] == '/')
        size = snprintf(path, sizeof path, "%s/clientiq", xdg);
    else if (home != NULL && home[0] == '/')
        size = snprintf(path, sizeof path, "%s/.config/clientiq", home);
    else
        die("nowhere to keep tokens and passwords: set HOME or CIQ_HOME");
    if (size < 0 || (size_t) size >= sizeof path)
        die("the name of the folder for tokens and passwords is longer than %d bytes",
            PATH_SIZE - 1);
    return path;
}

const char *
state_path(const char *name)
{
    static char path[PATH_SIZE + 32];

    snprintf(path, sizeof path, "%s/%s", state_folder(), name);
    return path;
}

/* Two runs that change a file at the same time must not undo each other's change; each holds the
 * lock for a moment.  Closing the descriptor unlocks. */
static int
state_lock(void)
{
    int64_t until_us = clock_us() + LOCK_MAX_MS * 1000;
    int descriptor;

    folder_make(state_folder(), 0700);
    descriptor = open(state_path("lock"), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    while (descriptor >= 0 && flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            die("cannot lock %s: %s", state_path("lock"), strerror(errno));
        if (clock_us() > until_us)
            die("cannot lock %s: another ciq-client has held it for %d seconds", state_path("lock"),
                LOCK_MAX_MS / 1000);
        (void) poll(NULL, 0, LOCK_LOOK_MS);
    }
    if (descriptor < 0)
        die("cannot lock %s: %s", state_path("lock"), strerror(errno));
    return descriptor;
}

static json_t *
state_load(const char *name)
{
    json_error_t error;
    int descriptor = open(state_path(name), O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    FILE *file;
    json_t *json;

    if (descriptor < 0 && errno == ENOENT)
        return json_object();
    file = descriptor < 0 ? NULL : fdopen(descriptor, "r");
    if (file == NULL)
        die("cannot read %s: %s", state_path(name), strerror(errno));
    json = json_loadf(file, 0, &error);
    fclose(file);
    if (!json_is_object(json))
        die("%s is damaged: %s (delete it to start anew)", state_path(name), error.text);
    return json;
}

static void
state_save(const char *name, const json_t *json)
{
    char path[PATH_SIZE + 32], unfinished[PATH_SIZE + 64];
    int descriptor;

    snprintf(path, sizeof path, "%s", state_path(name));
    snprintf(unfinished, sizeof unfinished, "%s.XXXXXX", path);
    descriptor = mkostemp(unfinished, O_CLOEXEC); /* mode 0600 */
    if (descriptor < 0 || json_dumpfd(json, descriptor, JSON_INDENT(4) | JSON_SORT_KEYS) != 0 ||
        write(descriptor, "\n", 1) != 1 || fsync(descriptor) != 0 || close(descriptor) != 0 ||
        rename(unfinished, path) != 0) {
        int why = errno;

        (void) unlink(unfinished);
        die("cannot write %s: %s", path, strerror(why));
    }
}

static const char *
tenant_key(const char *tenant)
{
    return tenant == NULL || tenant[0] == '\0' ? "(platform)" : tenant;
}

/* ---- by server ---- */

static const char servers_key[] = "(servers)"; /* no tenant can have this name */
static char *server;

void
state_use_server(const char *urls)
{
    free(server);
    server = strdup(urls);
    if (server == NULL)
        die("no memory");
}

/* What the file keeps for this server.  Borrowed from its JSON; NULL: nothing. */
static json_t *
of_server(const json_t *file)
{
    return json_object_get(json_object_get(file, servers_key), server);
}

/* The same; it is made if it does not exist. */
static json_t *
make_server(json_t *file)
{
    json_t *servers = json_object_get(file, servers_key), *own;

    if (!json_is_object(servers)) {
        servers = json_object();
        json_object_set_new(file, servers_key, servers);
    }
    own = json_object_get(servers, server);
    if (!json_is_object(own)) {
        own = json_object();
        json_object_set_new(servers, server, own);
    }
    return own;
}

static const char *
text_in(const json_t *json, const char *outer, const char *key)
{
    return json_string_value(
        json_object_get(outer == NULL ? json : json_object_get(json, outer), key));
}

/* A copy of the text under the key in the object outer (NULL: beside it): what is kept for this
 * server, or else what is kept without a server.  NULL: none. */
static const char *
state_get_text(const char *name, const char *outer, const char *key)
{
    json_t *file = state_load(name);
    const char *text = text_in(of_server(file), outer, key);
    const char *copy;

    if (text == NULL)
        text = text_in(file, outer, key);
    copy = text == NULL ? NULL : strdup(text);
    json_decref(file);
    return copy;
}

static void
set_in(json_t *json, const char *outer, const char *key, const char *text)
{
    json_t *object = json_object_get(json, outer);

    if (!json_is_object(object)) {
        if (text == NULL)
            return;
        object = json_object();
        json_object_set_new(json, outer, object);
    }
    if (text == NULL)
        json_object_del(object, key);
    else
        json_object_set_new(object, key, json_string(text));
    if (json_object_size(object) == 0)
        json_object_del(json, outer);
}

/* Keeps the text for this server, and drops what is kept without a server, which is older. */
static void
state_set_text(json_t *file, const char *outer, const char *key, const char *text)
{
    set_in(file, outer, key, NULL);
    set_in(make_server(file), outer, key, text);
}

/* ---- tokens ---- */

const char *
state_token(const char *tenant)
{
    return state_get_text("tokens", "tokens", tenant_key(tenant));
}

const char *
state_current_tenant(void)
{
    return state_get_text("tokens", NULL, "current");
}

const char *
state_last_tenant(void)
{
    const char *last = state_get_text("tokens", NULL, "last");

    return last != NULL ? last : state_current_tenant();
}

/* Drops the key if its text is this tenant. */
static void
state_forget(json_t *json, const char *key, const char *tenant)
{
    const char *text = text_in(json, NULL, key);

    if (text != NULL && strcmp(text, tenant) == 0)
        json_object_del(json, key);
}

void
state_keep_token(const char *tenant, const char *token)
{
    int descriptor = state_lock();
    json_t *file = state_load("tokens"), *own = make_server(file);

    if (tenant == NULL)
        tenant = "";
    state_set_text(file, "tokens", tenant_key(tenant), token);
    if (token == NULL) {
        state_forget(own, "current", tenant);
        state_forget(own, "last", tenant);
        state_forget(file, "current", tenant);
        state_forget(file, "last", tenant);
    } else {
        if (tenant[0] != '\0')
            json_object_set_new(own, "current", json_string(tenant));
        json_object_set_new(own, "last", json_string(tenant));
    }
    state_save("tokens", file);
    json_decref(file);
    close(descriptor);
}

/* ---- passwords ---- */

const char *
state_password(const char *tenant, const char *email)
{
    return state_get_text("passwords", tenant_key(tenant), email);
}

void
state_keep_password(const char *tenant, const char *email, const char *password)
{
    int descriptor = state_lock();
    json_t *file = state_load("passwords");

    state_set_text(file, tenant_key(tenant), email, password);
    state_save("passwords", file);
    json_decref(file);
    close(descriptor);
}
