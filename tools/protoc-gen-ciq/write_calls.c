/* The client library's typed calls: each rpc in three forms, on the two generic functions of
 * client/call.h.  */
#include "write.h"

#include <string.h>

void
write_calls_h(const Model *model, Text *out)
{
    const ProtoFile *last = NULL;

    text_add(out, "/* Made by tools/protoc-gen-ciq from proto/; do not edit.  Included by "
                  "clientiq/client.h, which says\n * how calls behave.  */\n"
                  "#ifndef CLIENTIQ_CALLS_H\n#define CLIENTIQ_CALLS_H\n\n"
                  "#include \"clientiq/client.h\"\n\n");
    for (size_t i = 0; i < model->messages_count; i++) {
        const ProtoFile *file = model->messages[i].file;

        if (!model->messages[i].used || file == last)
            continue;
        text_add(out, "#include \"%.*s.pb-c.h\"\n", (int) (strlen(file->name) - 6), file->name);
        last = file;
    }
    text_add(out, "\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n");
    for (size_t i = 0; i < model->messages_count; i++)
        if (model->messages[i].used && strncmp(model->messages[i].name, "google.", 7) != 0)
            text_add(out, "typedef %s Ciq%s;\n", model->messages[i].c_name,
                     bare_name(model->messages[i].name));
    for (size_t i = 0; i < model->methods_count; i++) {
        const Method *method = &model->methods[i];
        const char *request = bare_name(method->request->name);
        const char *response = bare_name(method->response->name);

        text_add(out,
                 "\n%stypedef void (*Ciq%sDone)(void *arg, Ciq%s *response, CiqError *error);\n"
                 "void ciq_%s_async(CiqClient *client, const Ciq%s *request,\n"
                 "    const CiqCallOptions *options, Ciq%sDone done, void *arg);\n"
                 "Ciq%s *ciq_%s(CiqClient *client, const Ciq%s *request, CiqError **error);\n"
                 "Ciq%s *ciq_%s_with(CiqClient *client, const Ciq%s *request,\n"
                 "    const CiqCallOptions *options, CiqError **error);\n"
                 "void ciq_%s_response_free(Ciq%s *response);\n",
                 c_comment(method->comment, ""), method->rpc, response, method->rpc_snake, request,
                 method->rpc, response, method->rpc_snake, request, response, method->rpc_snake,
                 request, method->rpc_snake, response);
    }
    text_add(out, "\n#ifdef __cplusplus\n}\n#endif\n\n#endif\n");
}

void
write_calls_c(const Model *model, Text *out)
{
    text_add(out, "/* Made by tools/protoc-gen-ciq from proto/; do not edit.  */\n"
                  "#include \"clientiq/client.h\"\n#include \"client/call.h\"\n");
    for (size_t i = 0; i < model->methods_count; i++) {
        const Method *method = &model->methods[i];
        const char *request = bare_name(method->request->name);
        const char *response = bare_name(method->response->name);
        const char *rpc = method->rpc, *name = method->rpc_snake;

        text_add(out,
                 "\n/* The callback was passed on without its type, and gets it back here.  */\n"
                 "static void\n%s_done(CiqAnyFunction done, void *arg, ProtobufCMessage *response, "
                 "CiqError *error)\n{\n"
                 "    ((Ciq%sDone) done)(arg, (Ciq%s *) response, error);\n}\n\n",
                 name, rpc, response);
        text_add(
            out,
            "void\nciq_%s_async(CiqClient *client, const Ciq%s *request, const CiqCallOptions *options, "
            "Ciq%sDone done, void *arg)\n{\n"
            "    ciq_call_async(client, &methods[%zu], (const ProtobufCMessage *) request, "
            "options, %s_done, (CiqAnyFunction) done, arg);\n}\n\n",
            name, request, rpc, i, name);
        text_add(out,
                 "Ciq%s *\nciq_%s(CiqClient *client, const Ciq%s *request, CiqError **error)\n{\n"
                 "    return (Ciq%s *) ciq_call(client, &methods[%zu], "
                 "(const ProtobufCMessage *) request, NULL, error);\n}\n\n",
                 response, name, request, response, i);
        text_add(out,
                 "Ciq%s *\nciq_%s_with(CiqClient *client, const Ciq%s *request, "
                 "const CiqCallOptions *options, CiqError **error)\n{\n"
                 "    return (Ciq%s *) ciq_call(client, &methods[%zu], "
                 "(const ProtobufCMessage *) request, options, error);\n}\n\n",
                 response, name, request, response, i);
        text_add(
            out,
            "void\nciq_%s_response_free(Ciq%s *response)\n{\n"
            "    if (response != NULL)\n"
            "        protobuf_c_message_free_unpacked((ProtobufCMessage *) response, NULL);\n}\n",
            name, response);
    }
}
