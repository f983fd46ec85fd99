/* A client of HTTP that sends whatever bytes a test wants.  */
#ifndef CIQ_TESTS_WEB_H
#define CIQ_TESTS_WEB_H

#include <stdbool.h>
#include <stddef.h>

typedef struct Web {
    int fd;
    char input[256 * 1024];
    size_t size; /* bytes that were read and belong to no answer yet */
} Web;

typedef struct WebAnswer {
    unsigned status; /* 0: the connection has closed without one */
    char head[4096]; /* with the line of the status */
    char body[128 * 1024];
    size_t body_size;
} WebAnswer;

/* Connects to "http://127.0.0.1:7480". */
void web_open(Web *web, const char *url);
void web_close(Web *web);

/* Also where the other end has closed meanwhile. */
void web_send(Web *web, const char *bytes, size_t size);
void web_text(Web *web, const char *text);

/* The next answer with its body; fails the test after 20 s. */
void web_read(Web *web, WebAnswer *answer);

/* Whether the other end has closed; waits for it, and fails the test after 20 s. */
void web_expect_end(Web *web);

/* A request on a connection of its own.  fields: further ones, each with CR LF; body NULL: none. */
void web_ask(const char *url, const char *method, const char *path, const char *host,
             const char *fields, const char *body, WebAnswer *answer);

/* The same as a POST of JSON to an rpc ("UserService/GetMe"), with a token ("": none). */
void web_call(const char *url, const char *host, const char *rpc, const char *token,
              const char *body, WebAnswer *answer);

/* The value of a field of the answer; "": it has none. */
const char *web_field(const WebAnswer *answer, const char *name, char value[256]);

#endif
