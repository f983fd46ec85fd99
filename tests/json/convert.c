/* Messages as JSON and back, for tests/json/run.  Each line of the input is a direction, a message
 * type and its bytes or its JSON as hexadecimal digits ("-": none); each line of the output begins
 * with "ok " and the result, or with "no " and what is wrong.
 *
 *   write clientiq.v1.User 0a03…     bytes become JSON; write-all: original names and all fields
 *   read clientiq.v1.User 7b7d       JSON becomes bytes; read-known: unknown fields are ignored  */
#include "proto/json_text.h"
#include "proto/json_write.h"
#include "proto/method.h"

#include <kinds.pb-c.h>

#include <clientiq/v1/archive.pb-c.h>
#include <clientiq/v1/envelope.pb-c.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const ProtobufCMessageDescriptor *
find_type(const char *name)
{
    static const ProtobufCMessageDescriptor *const others[] = {
        &ciq__test__kinds__descriptor, &ciq__test__inner__descriptor,
        &clientiq__v1__reply__descriptor, &clientiq__v1__request__descriptor};

    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strcmp(others[i]->name, name) == 0)
            return others[i];
    for (size_t i = 0; i < methods_count; i++) {
        if (strcmp(methods[i].request->descriptor->name, name) == 0)
            return methods[i].request->descriptor;
        if (strcmp(methods[i].response->descriptor->name, name) == 0)
            return methods[i].response->descriptor;
    }
    return NULL;
}

static size_t
read_hex(const char *text, uint8_t *data)
{
    size_t size = 0;
    unsigned byte;

    while (sscanf(text + size * 2, "%2x", &byte) == 1)
        data[size++] = (uint8_t) byte;
    return size;
}

static void
print_hex(const uint8_t *data, size_t size)
{
    printf("ok ");
    for (size_t i = 0; i < size; i++)
        printf("%02x", data[i]);
    printf("\n");
}

static void
write_one(const ProtobufCMessageDescriptor *type, const uint8_t *data, size_t size, unsigned style)
{
    ProtobufCMessage *message = protobuf_c_message_unpack(type, NULL, size, data);
    char *text = message == NULL ? NULL : json_write_text(message, style, &size);

    printf("%s %s\n", text == NULL ? "no" : "ok", text == NULL ? "memory" : text);
    free(text);
    protobuf_c_message_free_unpacked(message, NULL);
}

static void
read_one(const ProtobufCMessageDescriptor *type, const uint8_t *data, size_t size, unsigned style)
{
    JsonError error;
    ProtobufCMessage *message = json_read_text(type, (const char *) data, size, style, &error);
    uint8_t *packed;

    if (message == NULL) {
        printf("no %s: %s\n", error.path, error.what);
        return;
    }
    size = protobuf_c_message_get_packed_size(message);
    packed = malloc(size + 1);
    if (packed == NULL)
        abort();
    protobuf_c_message_pack(message, packed);
    print_hex(packed, size);
    free(packed);
    protobuf_c_message_free_unpacked(message, NULL);
}

int
main(void)
{
    static char line[8 * 1024 * 1024];
    static uint8_t data[sizeof line / 2];

    json_wipe_freed();
    while (fgets(line, sizeof line, stdin) != NULL) {
        char *rest = NULL, *way = strtok_r(line, " ", &rest), *name = strtok_r(NULL, " ", &rest);
        char *hex = strtok_r(NULL, " \n", &rest);
        const ProtobufCMessageDescriptor *type = name == NULL ? NULL : find_type(name);
        size_t size = hex == NULL || strcmp(hex, "-") == 0 ? 0 : read_hex(hex, data);

        if (type == NULL)
            printf("no such type\n");
        else if (strncmp(way, "write", 5) == 0)
            write_one(type, data, size,
                      strcmp(way, "write-all") == 0 ? JSON_ORIGINAL_NAMES | JSON_ALL_FIELDS : 0);
        else
            read_one(type, data, size, strcmp(way, "read-known") == 0 ? JSON_IGNORE_UNKNOWN : 0);
        fflush(stdout);
    }
    return 0;
}
