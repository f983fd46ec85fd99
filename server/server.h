/* The whole server as one object, so that main and the tests start the same thing. */
#ifndef CIQ_SERVER_SERVER_H
#define CIQ_SERVER_SERVER_H

#include "base/compiler.h"
#include "base/config.h"

typedef struct Server Server;

/* Connects, applies the shared migrations, fills the role pool, starts the workers and listens on
 * every URL of the configuration.  config must outlive the server.  NULL: the reason is in the log.
 */
MUST_CHECK Server *server_start(const Config *config);

/* Stops listening, gives accepted calls up to config->drain_ms to finish, and frees everything. */
void server_stop(Server *server);

/* Creates a superuser who is an owner and may create tenants, without listening: this is how the
 * first one is created.  The database is prepared as by server_start; the call is checked and
 * audited as the local operator's.  False: reason (of size bytes) says why. */
MUST_CHECK bool server_create_superuser(const Config *config, const char *email,
                                        const char *password, char *reason, size_t size);

/* What a command does on the database, in a call with the owner's login that has days of time and
 * no transaction yet. */
typedef struct Call Call;
typedef bool (*ServerWork)(Call *call, void *argument);

typedef enum ServerOpening {
    SERVER_PREPARED, /* the database is prepared as by server_start */
    /* the same, though files of migrations have changed since they were applied: that is its work
     */
    SERVER_KEEPS_CHANGED,
    SERVER_AS_IT_IS /* no shared migration is applied: the command only reads */
} ServerOpening;

/* Runs it, whether or not a server is running on the same database or data directory.  False:
 * reason (of size bytes) says why. */
MUST_CHECK bool server_work(const Config *config, ServerOpening opening, ServerWork work,
                            void *argument, char *reason, size_t size);

/* The URL that it listens on with this scheme ("ipc", "tcp", "http"; "http-admin"), with the port
 * that the kernel picked where the configuration says 0.  False: none, or the buffer is too small.
 */
MUST_CHECK bool server_url(const Server *server, const char *scheme, char *url, size_t size);

#endif
