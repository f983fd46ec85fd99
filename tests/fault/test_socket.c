/* What stands where a socket should be.  A dead server's socket is replaced; whatever else is there
 * is somebody's, and stays as it is, at start and at the end.  */
#include "harness/harness.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

typedef struct Place {
    TestDatabase database;
    char folder[64], path[96];
} Place;

static int
setup(void **state)
{
    static Place place;

    database_new(&place.database);
    snprintf(place.folder, sizeof place.folder, "/tmp/ciq-test-socket-%ld", (long) getpid());
    assert_int_equal(mkdir(place.folder, 0700), 0);
    snprintf(place.path, sizeof place.path, "%s/place", place.folder);
    *state = &place;
    return 0;
}

static int
teardown(void **state)
{
    Place *place = *state;

    database_drop(&place->database);
    assert_int_equal(rmdir(place->folder), 0);
    return 0;
}

static void
write_file(const char *path)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    fputs("precious", file);
    fclose(file);
}

static void
assert_file(const char *path)
{
    char text[16] = "";
    FILE *file = fopen(path, "r");

    assert_non_null(file);
    assert_non_null(fgets(text, sizeof text, file));
    fclose(file);
    assert_string_equal(text, "precious");
}

/* A socket that somebody has bound there; who listens is alive. */
static int
bind_socket(const char *path, bool listens)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    assert_int_equal(bind(fd, (struct sockaddr *) &address, sizeof address), 0);
    if (listens)
        assert_int_equal(listen(fd, 16), 0);
    return fd;
}

static bool
answers(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool ok;

    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    ok = connect(fd, (struct sockaddr *) &address, sizeof address) == 0;
    close(fd);
    return ok;
}

/* A server that is told to listen there ends, and says what is there. */
static void
refused(const Place *place, const char *scheme, const char *text)
{
    char *output = calloc(1, 1 << 16);
    int status =
        server_command(&place->database, output, 1 << 16, "--listen %s%s", scheme, place->path);

    if (status != 1 || strstr(output, text) == NULL || strstr(output, "cannot listen") == NULL)
        fail_msg("status %d, and not \"%s\": %s", status, text, output);
    free(output);
}

static void
test_socket__regular_file(void **state)
{
    const Place *place = *state;

    write_file(place->path);
    refused(place, "ipc://", "a regular file");
    assert_file(place->path);
    refused(place, "unix://", "a regular file");
    assert_file(place->path);
    unlink(place->path);
}

static void
test_socket__directory(void **state)
{
    const Place *place = *state;

    assert_int_equal(mkdir(place->path, 0700), 0);
    refused(place, "ipc://", "a directory");
    assert_int_equal(rmdir(place->path), 0);
}

static void
test_socket__fifo(void **state)
{
    const Place *place = *state;
    struct stat found;

    assert_int_equal(mkfifo(place->path, 0600), 0);
    refused(place, "ipc://", "not a socket");
    assert_int_equal(lstat(place->path, &found), 0);
    assert_true(S_ISFIFO(found.st_mode));
    unlink(place->path);
}

static void
test_socket__symbolic_links(void **state)
{
    const Place *place = *state;
    char target[128];
    struct stat found;

    snprintf(target, sizeof target, "%s/target", place->folder);
    assert_int_equal(symlink(target, place->path), 0);
    refused(place, "ipc://", "a symbolic link"); /* to nothing */
    write_file(target);
    refused(place, "ipc://", "a symbolic link");
    assert_file(target);
    unlink(target);

    int dead = bind_socket(target, false);

    refused(place, "ipc://", "a symbolic link");
    close(dead);
    refused(place, "ipc://", "a symbolic link");
    assert_int_equal(lstat(place->path, &found), 0);
    assert_int_equal(lstat(target, &found), 0);
    unlink(target);
    unlink(place->path);
}

static void
test_socket__somebody_listens(void **state)
{
    const Place *place = *state;
    int live = bind_socket(place->path, true);

    refused(place, "ipc://", "Address in use");
    assert_true(answers(place->path));
    close(live);
    unlink(place->path);
}

static char urls[128];

static void
listen_there(Config *config)
{
    setting_set(&config->listen, urls);
}

static void
start(Place *place, TestServer *server)
{
    snprintf(urls, sizeof urls, "ipc://%s,tcp://127.0.0.1:0", place->path);
    server_up(server, &place->database, listen_there);
    assert_true(answers(place->path));
}

static void
test_socket__of_a_dead_server(void **state)
{
    Place *place = *state;
    TestServer server;

    close(bind_socket(place->path, false));
    assert_false(answers(place->path));
    start(place, &server);
    server_down(&server);
    assert_int_not_equal(access(place->path, F_OK), 0);
}

/* Somebody has removed the server's socket and made one of their own. */
static void
test_socket__replaced_while_the_server_runs(void **state)
{
    Place *place = *state;
    TestServer server;

    start(place, &server);
    assert_int_equal(unlink(place->path), 0);

    int live = bind_socket(place->path, true);

    server_down(&server);
    assert_true(answers(place->path));
    close(live);
    unlink(place->path);

    start(place, &server);
    assert_int_equal(unlink(place->path), 0);
    write_file(place->path);
    server_down(&server);
    assert_file(place->path);
    unlink(place->path);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_socket__regular_file),
        cmocka_unit_test(test_socket__directory),
        cmocka_unit_test(test_socket__fifo),
        cmocka_unit_test(test_socket__symbolic_links),
        cmocka_unit_test(test_socket__somebody_listens),
        cmocka_unit_test(test_socket__of_a_dead_server),
        cmocka_unit_test(test_socket__replaced_while_the_server_runs),
    };

    return run_cases(tests, setup, teardown);
}
