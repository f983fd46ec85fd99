/* Called wherever a secret is made or done with.  Says nothing of one, to nobody.  */
#include "base/secret.h"
#include "proto/secret_line.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>

void
secret_random(void *out, size_t size)
{
    randombytes_buf(out, size);
}

void
secret_wipe(void *memory, size_t size)
{
    sodium_memzero(memory, size);
}

void *
secret_pages_new(size_t size)
{
    void *pages = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (pages == MAP_FAILED)
        return NULL;
    (void) madvise(pages, size, MADV_DONTDUMP); /* an old kernel only knows less */
    return pages;
}

void
secret_pages_free(void *pages, size_t size)
{
    if (pages != NULL)
        (void) munmap(pages, size);
}

void
secret_hide_process(void)
{
    (void) prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

bool
secret_is_equal(const void *one, const void *other, size_t size)
{
    return sodium_memcmp(one, other, size) == 0;
}

bool
secret_read_file(const char *path, void *secret, size_t size, size_t *got, char *reason,
                 size_t reason_size)
{
    FILE *file = fopen(path, "rbe");
    bool done = file != NULL && setvbuf(file, NULL, _IONBF, 0) == 0; /* stdio keeps no copy */

    *got = done ? fread(secret, 1, size, file) : 0;
    done = done && ferror(file) == 0;
    if (!done) {
        snprintf(reason, reason_size, "cannot read %.200s: %s", path, strerror(errno));
        secret_wipe(secret, size);
    }
    if (file != NULL)
        fclose(file);
    return done;
}

/* What came of reading a password from this source. */
static bool
secret_is_password(SecretLine result, const char *source, char password[LIMIT_PASSWORD + 1],
                   char *reason, size_t reason_size)
{
    if (result == SECRET_LINE_READ && password[0] != '\0')
        return true;
    if (result == SECRET_LINE_UNREADABLE)
        snprintf(reason, reason_size, "cannot read %.200s: %s", source, strerror(errno));
    else if (result == SECRET_LINE_TOO_LONG)
        snprintf(reason, reason_size, "the password from %.200s has more than %d bytes", source,
                 LIMIT_PASSWORD);
    else
        snprintf(reason, reason_size, "the password from %.200s is empty", source);
    secret_wipe(password, LIMIT_PASSWORD + 1);
    return false;
}

bool
secret_read_password(FILE *stream, const char *source, char password[LIMIT_PASSWORD + 1],
                     char *reason, size_t reason_size)
{
    return secret_is_password(secret_line_read(stream, password, LIMIT_PASSWORD + 1), source,
                              password, reason, reason_size);
}

bool
secret_read_password_file(const char *path, char password[LIMIT_PASSWORD + 1], char *reason,
                          size_t reason_size)
{
    return secret_is_password(secret_line_of_file(path, password, LIMIT_PASSWORD + 1), path,
                              password, reason, reason_size);
}
