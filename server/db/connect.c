/* What conninfo says of these keywords gives way to what is said here.  */
#include "db/connect.h"

#include <stddef.h>

PGconn *
connect_open(const Connect *connect)
{
    const char *const keywords[] = {"dbname",
                                    "application_name",
                                    "connect_timeout",
                                    "client_encoding",
                                    "tcp_user_timeout", /* in ms: a machine that vanished */
                                    connect->user != NULL ? "user" : NULL,
                                    NULL};
    const char *const values[] = {
        connect->conninfo, connect->name, connect->timeout_s, "UTF8", "10000", connect->user, NULL};

    return PQconnectdbParams(keywords, values, 1);
}
