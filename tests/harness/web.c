/* See web.h.  */
#include "harness/web.h"

#include "harness/cases.h"
#include "harness/wait.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { WAIT_MS = 20000 };

void
web_open(Web *web, const char *url)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const char *colon = strrchr(url, ':');

    assert_non_null(colon);
    address.sin_port = htons((uint16_t) atoi(colon + 1));
    web->size = 0;
    web->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(web->fd >= 0);
    if (connect(web->fd, (struct sockaddr *) &address, sizeof address) != 0)
        fail_msg("cannot connect to %s: %s", url, strerror(errno));
}

void
web_close(Web *web)
{
    close(web->fd);
    web->fd = -1;
}

void
web_send(Web *web, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t sent = send(web->fd, bytes, size, MSG_NOSIGNAL);

        if (sent <= 0)
            return;
        bytes += sent;
        size -= (size_t) sent;
    }
}

void
web_text(Web *web, const char *text)
{
    web_send(web, text, strlen(text));
}

/* False: the other end has closed. */
static bool
read_more(Web *web)
{
    struct pollfd wait = {.fd = web->fd, .events = POLLIN};
    ssize_t got;

    assert_true(web->size < sizeof web->input - 1);
    if (poll(&wait, 1, WAIT_MS) != 1)
        fail_msg("nothing came within %d s; so far: %.*s", WAIT_MS / 1000, (int) web->size,
                 web->input);
    got = recv(web->fd, web->input + web->size, sizeof web->input - 1 - web->size, 0);
    if (got <= 0)
        return false;
    web->size += (size_t) got;
    return true;
}

static void
take(Web *web, size_t size)
{
    memmove(web->input, web->input + size, web->size - size);
    web->size -= size;
}

const char *
web_field(const WebAnswer *answer, const char *name, char value[256])
{
    size_t size = strlen(name);

    value[0] = '\0';
    for (const char *line = strchr(answer->head, '\n'); line != NULL; line = strchr(line, '\n')) {
        line++;
        if (strncasecmp(line, name, size) == 0 && line[size] == ':')
            snprintf(value, 256, "%.*s", (int) strcspn(line + size + 2, "\r\n"), line + size + 2);
    }
    return value;
}

void
web_read(Web *web, WebAnswer *answer)
{
    char *end = NULL, value[256];
    size_t head;

    *answer = (WebAnswer){.status = 0};
    for (;;) {
        web->input[web->size] = '\0';
        end = strstr(web->input, "\r\n\r\n");
        if (end != NULL || !read_more(web))
            break;
    }
    if (end == NULL)
        return;
    head = (size_t) (end - web->input) + 4;
    assert_true(head < sizeof answer->head);
    memcpy(answer->head, web->input, head);
    assert_int_equal(sscanf(answer->head, "HTTP/1.1 %u ", &answer->status), 1);
    take(web, head);
    answer->body_size = (size_t) strtoul(web_field(answer, "Content-Length", value), NULL, 10);
    assert_true(answer->body_size < sizeof answer->body);
    while (web->size < answer->body_size)
        if (!read_more(web))
            fail_msg("the body ended after %zu of %zu bytes", web->size, answer->body_size);
    memcpy(answer->body, web->input, answer->body_size);
    take(web, answer->body_size);
}

void
web_expect_end(Web *web)
{
    while (read_more(web))
        if (web->size > 0)
            fail_msg("more came, where the connection should have ended: %.*s", (int) web->size,
                     web->input);
}

void
web_ask(const char *url, const char *method, const char *path, const char *host, const char *fields,
        const char *body, WebAnswer *answer)
{
    static Web web;
    char text[64 * 1024], length[64] = "";

    if (body != NULL)
        snprintf(length, sizeof length, "Content-Length: %zu\r\n", strlen(body));
    assert_true(snprintf(text, sizeof text, "%s %s HTTP/1.1\r\nHost: %s\r\n%s%s\r\n%s", method,
                         path, host, fields, length, body != NULL ? body : "") < (int) sizeof text);
    web_open(&web, url);
    web_text(&web, text);
    web_read(&web, answer);
    web_close(&web);
}

void
web_call(const char *url, const char *host, const char *rpc, const char *token, const char *body,
         WebAnswer *answer)
{
    char path[256], fields[512];

    snprintf(path, sizeof path, "/api/v1/clientiq.v1.%s", rpc);
    snprintf(fields, sizeof fields, "Content-Type: application/json\r\n%s%s%s",
             token[0] != '\0' ? "Authorization: Bearer " : "", token,
             token[0] != '\0' ? "\r\n" : "");
    web_ask(url, "POST", path, host, fields, body, answer);
}
