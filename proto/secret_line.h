/* A secret that stands in a line of text, such as a password or a token: in a file, on standard
 * input, at a terminal.  It is read whole or not at all, because a secret cut short would be
 * another secret.  For the server and the client.  */
#ifndef CIQ_PROTO_SECRET_LINE_H
#define CIQ_PROTO_SECRET_LINE_H

#include <stddef.h>
#include <stdio.h>

typedef enum SecretLine {
    SECRET_LINE_READ,     /* it may be empty */
    SECRET_LINE_NONE,     /* there is no line, or no further one */
    SECRET_LINE_TOO_LONG, /* it has more than size - 1 bytes; nothing of it is left in the buffer */
    SECRET_LINE_UNREADABLE /* errno says why */
} SecretLine;

/* Reads one line without its end, which is LF, CR LF or the end of the stream.  The stream's own
 * buffer keeps a copy until it is closed. */
SecretLine secret_line_read(FILE *stream, char *secret, size_t size);

/* Reads the first line of a file. */
SecretLine secret_line_of_file(const char *path, char *secret, size_t size);

#endif
