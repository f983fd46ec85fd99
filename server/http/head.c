/* From top to bottom: the end of a head, its line, its fields, and what the fields say about the
 * body and the connection.  */
#include "http/head.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static bool
wrong(HeadRefusal *refusal, unsigned status, const char *words)
{
    *refusal = (HeadRefusal){status, words};
    return false;
}

/* An empty line ends a head, also one whose lines end with LF alone, which is refused later. */
size_t
head_end(const char *data, size_t size, size_t *scanned)
{
    size_t at = *scanned;

    /* before the line of the request one empty line is let pass (RFC 9112, 2.2) */
    if (at == 0 && size >= 2 && data[0] == '\r' && data[1] == '\n')
        at = 2;
    for (; at < size; at++) {
        if (data[at] != '\n')
            continue;
        if (at + 1 < size && data[at + 1] == '\n')
            return at + 2;
        if (at + 2 < size && data[at + 1] == '\r' && data[at + 2] == '\n')
            return at + 3;
        if (at + 2 >= size) /* what follows decides */
            break;
    }
    *scanned = at;
    return 0;
}

/* ---- lines ---- */

/* Takes the next line, without its end, off *rest. */
static bool
next_line(Slice *rest, Slice *line, HeadRefusal *refusal)
{
    const char *end = rest->size == 0 ? NULL : memchr(rest->at, '\n', rest->size);
    size_t size = end == NULL ? 0 : (size_t) (end - rest->at);

    if (size == 0 || rest->at[size - 1] != '\r')
        return wrong(refusal, 400, "every line of the head must end with CR LF");
    *line = (Slice){rest->at, size - 1};
    *rest = (Slice){end + 1, rest->size - size - 1};
    if (memchr(line->at, '\r', line->size) != NULL || memchr(line->at, '\0', line->size) != NULL)
        return wrong(refusal, 400, "the head must not hold a NUL, nor a CR without LF");
    return true;
}

static bool
is_token(Slice text)
{
    for (size_t i = 0; i < text.size; i++)
        if (!isalnum((unsigned char) text.at[i]) &&
            (text.at[i] == '\0' || strchr("!#$%&'*+-.^_`|~", text.at[i]) == NULL))
            return false;
    return text.size > 0;
}

/* ---- the line of the request ---- */

static bool
read_version(Slice version, Head *head, HeadRefusal *refusal)
{
    if (version.size != 8 || memcmp(version.at, "HTTP/", 5) != 0 ||
        !isdigit((unsigned char) version.at[5]) || version.at[6] != '.' ||
        !isdigit((unsigned char) version.at[7]))
        return wrong(refusal, 400, "the request's line must be METHOD /path HTTP/1.1");
    if (version.at[5] != '1')
        return wrong(refusal, 505, "the version must be HTTP/1.1 or HTTP/1.0");
    head->minor = version.at[7] == '0' ? 0 : 1;
    return true;
}

/* http://host/path: its host is compared with the field's. */
static bool
cut_authority(Slice *target, Slice *authority)
{
    static const char *const schemes[] = {"http://", "https://"};

    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        size_t scheme = strlen(schemes[i]), end = scheme;

        if (target->size <= scheme || strncasecmp(target->at, schemes[i], scheme) != 0)
            continue;
        while (end < target->size && target->at[end] != '/' && target->at[end] != '?')
            end++;
        *authority = (Slice){target->at + scheme, end - scheme};
        *target = (Slice){target->at + end, target->size - end};
        return authority->size > 0;
    }
    return true;
}

/* No path here needs a character that would have to be encoded, so that there is only one way to
 * write each. */
static bool
check_path(Slice path, HeadRefusal *refusal)
{
    Slice rest = {path.at + 1, path.size - 1}, part;

    if (memchr(path.at, '%', path.size) != NULL)
        return wrong(refusal, 400, "the path must not be percent-encoded");
    while (slice_next(&rest, '/', &part))
        if (slice_is(part, ".") || slice_is(part, "..") || (part.size == 0 && rest.at != NULL))
            return wrong(refusal, 400, "the path must not have a part that is empty, . or ..");
    return true;
}

static bool
read_target(Slice target, Head *head, Slice *authority, HeadRefusal *refusal)
{
    if (target.size > HEAD_TARGET_MAX)
        return wrong(refusal, 414, "the target must be at most 8192 bytes");
    for (size_t i = 0; i < target.size; i++)
        if (target.at[i] <= ' ' || target.at[i] >= 0x7f || target.at[i] == '#')
            return wrong(refusal, 400, "the target must be of visible ASCII characters without #");
    if (!cut_authority(&target, authority) || target.size == 0 || target.at[0] != '/')
        return wrong(refusal, 400, "the target must be a path that begins with /");
    head->query = target;
    (void) slice_next(&head->query, '?', &head->path);
    return check_path(head->path, refusal);
}

static bool
read_line(Slice line, Head *head, Slice *authority, HeadRefusal *refusal)
{
    Slice rest = line, target, version;

    if (!slice_next(&rest, ' ', &head->method) || !is_token(head->method) ||
        !slice_next(&rest, ' ', &target) || !slice_next(&rest, ' ', &version) || rest.at != NULL)
        return wrong(refusal, 400, "the request's line must be METHOD /path HTTP/1.1");
    return read_version(version, head, refusal) && read_target(target, head, authority, refusal);
}

/* ---- fields ---- */

static bool
read_fields(Slice rest, Head *head, HeadRefusal *refusal)
{
    Slice line;

    for (;;) {
        HeadField *field = &head->fields[head->count];
        Slice value;

        if (!next_line(&rest, &line, refusal))
            return false;
        if (line.size == 0)
            return true;
        if (line.at[0] == ' ' || line.at[0] == '\t')
            return wrong(refusal, 400, "a field must be one line (obs-fold is not taken)");
        if (head->count == HEAD_FIELDS_MAX)
            return wrong(refusal, 431, "the head must have at most 100 fields");
        value = line;
        if (!slice_next(&value, ':', &field->name) || !is_token(field->name) || value.at == NULL)
            return wrong(refusal, 400, "a field must be a name, a colon right behind it, and text");
        field->value = slice_trim(value);
        for (size_t i = 0; i < field->value.size; i++)
            if (iscntrl((unsigned char) field->value.at[i]) && field->value.at[i] != '\t')
                return wrong(refusal, 400, "a field must not hold control characters");
        head->count++;
    }
}

Slice
head_field(const Head *head, const char *name, bool *is_twice)
{
    Slice found = {NULL, 0};
    bool twice = false;

    for (size_t i = 0; i < head->count; i++) {
        if (!slice_is_nocase(head->fields[i].name, name))
            continue;
        twice = twice || found.at != NULL;
        found = head->fields[i].value;
    }
    if (is_twice != NULL)
        *is_twice = twice;
    return found;
}

/* ---- what the fields say ---- */

/* host or host:port, the host in ASCII or an address. */
static bool
is_host(Slice host)
{
    static const char allowed[] = "-._~";
    const char *close = NULL;
    Slice port;
    size_t name = 0;

    if (host.size > 0 && host.at[0] == '[') {
        close = memchr(host.at, ']', host.size);
        if (close == NULL)
            return false;
        name = (size_t) (close + 1 - host.at);
        for (size_t i = 1; i + 1 < name; i++)
            if (!isxdigit((unsigned char) host.at[i]) && host.at[i] != ':' && host.at[i] != '.')
                return false;
    } else {
        while (name < host.size && (isalnum((unsigned char) host.at[name]) ||
                                    (host.at[name] != '\0' && strchr(allowed, host.at[name]))))
            name++;
    }
    port = (Slice){host.at + name, host.size - name};
    if (port.size == 0)
        return name > 0;
    if (name == 0 || port.at[0] != ':' || port.size < 2 || port.size > 6)
        return false;
    unsigned number = 0;

    for (size_t i = 1; i < port.size; i++) {
        if (!isdigit((unsigned char) port.at[i]))
            return false;
        number = number * 10 + (unsigned) (port.at[i] - '0');
    }
    return number <= 65535;
}

static bool
read_host(Head *head, Slice authority, HeadRefusal *refusal)
{
    bool is_twice;

    head->host = head_field(head, "Host", &is_twice);
    if (is_twice)
        return wrong(refusal, 400, "Host must be given once");
    if (head->host.at == NULL && head->minor == 0) {
        head->host = authority;
        return true;
    }
    if (head->host.at == NULL)
        return wrong(refusal, 400, "Host is required");
    if (!is_host(head->host))
        return wrong(
            refusal, 400,
            "Host must be a host name or an address, with a port of 0 to 65535 or without");
    if (authority.at != NULL && !slice_same_nocase(authority, head->host))
        return wrong(refusal, 400, "the host of the target and the field Host must be the same");
    return true;
}

static bool
read_length(Head *head, HeadRefusal *refusal)
{
    bool is_twice, is_coded_twice;
    Slice length = head_field(head, "Content-Length", &is_twice);
    Slice coding = head_field(head, "Transfer-Encoding", &is_coded_twice);

    if (length.at != NULL && coding.at != NULL)
        return wrong(refusal, 400, "Content-Length and Transfer-Encoding exclude each other");
    if (is_twice)
        return wrong(refusal, 400, "Content-Length must be given once");
    if (coding.at != NULL) {
        if (head->minor == 0)
            return wrong(refusal, 400, "HTTP/1.0 has no Transfer-Encoding");
        if (is_coded_twice || !slice_is_nocase(coding, "chunked"))
            return wrong(refusal, 501, "Transfer-Encoding must be chunked");
        head->is_chunked = true;
        return true;
    }
    if (length.at == NULL)
        return true;
    if (length.size == 0 || length.size > 18)
        return wrong(refusal, length.size == 0 ? 400 : 413,
                     "Content-Length must be a number of bytes");
    for (size_t i = 0; i < length.size; i++) {
        if (!isdigit((unsigned char) length.at[i]))
            return wrong(refusal, 400, "Content-Length must be a number of bytes");
        head->length = head->length * 10 + (uint64_t) (length.at[i] - '0');
    }
    head->has_length = true;
    return true;
}

static bool
read_expectation(Head *head, HeadRefusal *refusal)
{
    bool is_twice;
    Slice expected = head_field(head, "Expect", &is_twice);

    if (expected.at == NULL || head->minor == 0)
        return true;
    if (is_twice || !slice_is_nocase(expected, "100-continue"))
        return wrong(refusal, 417, "Expect must be 100-continue");
    head->wants_continue = head->is_chunked || head->length > 0;
    return true;
}

static void
read_connection(Head *head)
{
    head->keeps_alive = head->minor > 0;
    for (size_t i = 0; i < head->count; i++) {
        Slice rest = head->fields[i].value, word;

        if (!slice_is_nocase(head->fields[i].name, "Connection"))
            continue;
        while (slice_next(&rest, ',', &word)) {
            if (slice_is_nocase(slice_trim(word), "close")) {
                head->keeps_alive = false;
                return;
            }
            if (slice_is_nocase(slice_trim(word), "keep-alive"))
                head->keeps_alive = true;
        }
    }
}

bool
head_read(const char *data, size_t size, Head *head, HeadRefusal *refusal)
{
    Slice rest = {data, size}, line, authority = {NULL, 0};

    head->count = 0;
    head->length = 0;
    head->has_length = head->is_chunked = head->wants_continue = false;
    if (size >= 2 && data[0] == '\r' && data[1] == '\n')
        rest = (Slice){data + 2, size - 2};
    if (!next_line(&rest, &line, refusal) || !read_line(line, head, &authority, refusal) ||
        !read_fields(rest, head, refusal) || !read_host(head, authority, refusal) ||
        !read_length(head, refusal) || !read_expectation(head, refusal))
        return false;
    read_connection(head);
    return true;
}
