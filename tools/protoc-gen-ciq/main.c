/* A plugin of protoc: reads a CodeGeneratorRequest from standard input and writes a
 * CodeGeneratorResponse to standard output.  Its parameter is sql=DIRECTORY, where the rpcs that
 * are one statement have their .sql.  Mistakes in a .proto stop the build; all of them are named.
 */
#include "write.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REQUEST_MAX = 64 * 1024 * 1024 };

typedef struct Output {
    const char *name;
    void (*write)(const Model *model, Text *out);
} Output;

static const Output outputs[] = {
    {"methods.c", write_methods_c},
    {"rpc/handlers.h", write_rpc_h},
    {"server_methods.c", write_server_methods_c},
    {"clientiq/calls.h", write_calls_h},
    {"calls.c", write_calls_c},
    {"reference.md", write_reference_md},
    {"access.md", write_access_md},
};

static PluginRequest *
read_request(void)
{
    uint8_t *data = must_allocate(REQUEST_MAX);
    size_t size = fread(data, 1, REQUEST_MAX, stdin);
    PluginRequest *request = ciq__plugin__code_generator_request__unpack(NULL, size, data);

    if (request == NULL) {
        fputs("protoc-gen-ciq: standard input is not a CodeGeneratorRequest; this is a plugin for "
              "protoc --plugin\n",
              stderr);
        exit(1);
    }
    free(data);
    return request;
}

/* It runs for a moment and frees nothing, which is no leak to report. */
const char *__asan_default_options(void);
const char *
__asan_default_options(void)
{
    return "detect_leaks=0";
}

int
main(void)
{
    enum { COUNT = sizeof outputs / sizeof *outputs };
    PluginRequest *request = read_request();
    Ciq__Plugin__CodeGeneratorResponse response = CIQ__PLUGIN__CODE_GENERATOR_RESPONSE__INIT;
    Ciq__Plugin__CodeGeneratorResponse__File files[COUNT], *file_list[COUNT];
    const char *parameter = request->parameter != NULL ? request->parameter : "";
    Text errors = {0};
    Model model;

    if (strncmp(parameter, "sql=", 4) != 0) {
        fputs("protoc-gen-ciq: needs --ciq_opt=sql=DIRECTORY\n", stderr);
        return 1;
    }
    model_build(&model, request, parameter + 4, &errors);
    response.has_supported_features = 1;
    /* FEATURE_PROTO3_OPTIONAL: so that protoc hands it on, and we can refuse it with its line */
    response.supported_features = 1;
    if (errors.size > 0) {
        errors.data[errors.size - 1] = '\0';
        response.error = errors.data;
    } else {
        for (size_t i = 0; i < COUNT; i++) {
            Text text = {0};

            outputs[i].write(&model, &text);
            ciq__plugin__code_generator_response__file__init(&files[i]);
            files[i].name = (char *) (uintptr_t) outputs[i].name;
            files[i].content = text.data;
            file_list[i] = &files[i];
        }
        response.file = file_list;
        response.n_file = COUNT;
    }

    size_t size = ciq__plugin__code_generator_response__get_packed_size(&response);
    uint8_t *packed = must_allocate(size);

    ciq__plugin__code_generator_response__pack(&response, packed);
    return fwrite(packed, 1, size, stdout) == size && fflush(stdout) == 0 ? 0 : 1;
}
