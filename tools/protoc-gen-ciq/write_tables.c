/* The method table that both sides share, and the server's: handlers behind typed thunks.  */
#include "write.h"

#include <stdio.h>
#include <string.h>

static const char made_by[] = "/* Made by tools/protoc-gen-ciq from proto/; do not edit.  */\n";

static const char *
bool_text(int value)
{
    return value ? "true" : "false";
}

static void
write_field_info(const Field *field, Text *out)
{
    const FieldRule *rule = field->rule;

    text_add(out, "    {\n        .comment = %s,\n", c_string(field->comment));
    if (field->message != NULL)
        text_add(out, "        .message = &info_%s,\n", field->message->c_lower);
    if (rule->n_one_of > 0) {
        text_add(out, "        .one_of = (const char *const[]){");
        for (size_t i = 0; i < rule->n_one_of; i++)
            text_add(out, "%s, ", c_string(rule->one_of[i]));
        text_add(out, "NULL},\n");
    }
    text_add(out,
             "        .min = %u,\n        .max = %u,\n        .format = (FieldFormat) %d,\n"
             "        .required = %s,\n        .secret = %s,\n        .output_only = %s,\n    },\n",
             rule->min, rule->max, (int) rule->format, bool_text(rule->required),
             bool_text(rule->secret), bool_text(rule->output_only));
}

static void
write_includes(const Model *model, Text *out)
{
    const ProtoFile *last = NULL;

    for (size_t i = 0; i < model->messages_count; i++) {
        const ProtoFile *file = model->messages[i].file;

        if (!model->messages[i].used || file == last)
            continue;
        text_add(out, "#include \"%.*s.pb-c.h\"\n", (int) (strlen(file->name) - 6), file->name);
        last = file;
    }
}

static void
write_message_info(const Message *message, Text *out)
{
    if (message->fields_count > 0) {
        text_add(out, "\nstatic const FieldInfo fields_%s[] = {\n", message->c_lower);
        for (size_t i = 0; i < message->fields_count; i++)
            write_field_info(&message->fields[i], out);
        text_add(out, "};\n");
    }
    text_add(out,
             "static const MessageInfo info_%s = {\n    .descriptor = &%s__descriptor,\n"
             "    .comment = %s,\n",
             message->c_lower, message->c_lower, c_string(message->comment));
    if (message->fields_count > 0)
        text_add(out, "    .fields = fields_%s,\n", message->c_lower);
    text_add(out, "};\n");
}

static void
write_method_entry(const Method *method, Text *out)
{
    text_add(
        out,
        "    {\n        .name = \"%s\",\n        .service = \"%s\",\n        .rpc = \"%s\",\n"
        "        .command = \"%s\",\n        .comment = %s,\n        .permission = \"%s\",\n"
        "        .platform_permission = \"%s\",\n"
        "        .request = &info_%s,\n        .response = &info_%s,\n"
        "        .scope = (MethodScope) %d,\n        .access = (MethodAccess) %d,\n"
        "        .database = (MethodDatabase) %d,\n        .writes = %s,\n"
        "        .hashes_password = %s,\n        .never_replayed = %s,\n        .from_memory = %s,\n"
        "        .by_api_key = %s,\n",
        method->name, method->service, method->rpc, method->rule.command, c_string(method->comment),
        method->rule.permission, method->rule.platform_permission, method->request->c_lower,
        method->response->c_lower, (int) method->rule.scope, (int) method->rule.access,
        (int) method->rule.database, bool_text(method->rule.writes),
        bool_text(method->rule.hashes_password), bool_text(method->rule.never_replayed),
        bool_text(method->rule.from_memory), bool_text(method->rule.by_api_key));
    if (method->rule.n_own_fields > 0) {
        text_add(out, "        .own_fields = (const char *const[]){");
        for (size_t j = 0; j < method->rule.n_own_fields; j++)
            text_add(out, "\"%s\", ", method->rule.own_fields[j]);
        text_add(out, "NULL},\n");
    }
    text_add(out, "    },\n");
}

void
write_methods_c(const Model *model, Text *out)
{
    text_add(out, "%s#include \"proto/method.h\"\n\n", made_by);
    write_includes(model, out);
    text_add(out, "\n#include <stdlib.h>\n#include <string.h>\n\n");

    for (size_t i = 0; i < model->messages_count; i++)
        if (model->messages[i].used)
            text_add(out, "static const MessageInfo info_%s;\n", model->messages[i].c_lower);
    for (size_t i = 0; i < model->messages_count; i++)
        if (model->messages[i].used)
            write_message_info(&model->messages[i], out);

    text_add(out, "\nconst Method methods[] = {\n");
    for (size_t i = 0; i < model->methods_count; i++)
        write_method_entry(&model->methods[i], out);
    text_add(out, "};\nconst size_t methods_count = %zu;\n\n", model->methods_count);

    text_add(out, "static const MessageInfo *const infos[] = {\n");
    for (size_t i = 0; i < model->messages_count; i++)
        if (model->messages[i].used)
            text_add(out, "    &info_%s,\n", model->messages[i].c_lower);
    text_add(
        out,
        "};\n\n"
        "static int\ncompare_name(const void *name, const void *method)\n{\n"
        "    return strcmp(name, ((const Method *) method)->name);\n}\n\n"
        "const Method *\nmethod_find(const char *name)\n{\n"
        "    return bsearch(name, methods, methods_count, sizeof *methods, compare_name);\n}\n\n"
        "const MessageInfo *\nmessage_info_find(const ProtobufCMessageDescriptor *descriptor)\n{\n"
        "    for (size_t i = 0; i < sizeof infos / sizeof *infos; i++)\n"
        "        if (infos[i]->descriptor == descriptor)\n            return infos[i];\n"
        "    return NULL;\n}\n");
}

void
write_rpc_h(const Model *model, Text *out)
{
    text_add(
        out,
        "%s/* The types of all services under their own names, and the handlers of the rpcs that\n"
        " * need more than one statement; each is in server/rpc/.  */\n"
        "#ifndef CIQ_RPC_H\n#define CIQ_RPC_H\n\n#include \"call/call.h\"\n",
        made_by);
    write_includes(model, out);
    text_add(out, "\n");
    for (size_t i = 0; i < model->messages_count; i++)
        if (model->messages[i].used && strncmp(model->messages[i].name, "google.", 7) != 0)
            text_add(out, "typedef %s %s;\n", model->messages[i].c_name,
                     bare_name(model->messages[i].name));
    for (size_t i = 0; i < model->methods_count; i++) {
        const Method *method = &model->methods[i];

        if (!method->is_sql)
            text_add(out,
                     "\n%sMUST_CHECK bool rpc_%s(Call *call, const %s *request, %s *response);\n",
                     c_comment(method->comment, ""), method->rpc_snake,
                     bare_name(method->request->name), bare_name(method->response->name));
    }
    text_add(out, "\n#endif\n");
}

void
write_server_methods_c(const Model *model, Text *out)
{
    text_add(
        out,
        "%s#include \"serve/methods.h\"\n#include \"db/queries.h\"\n#include \"rpc/handlers.h\"\n\n",
        made_by);
    for (size_t i = 0; i < model->methods_count; i++) {
        const Method *method = &model->methods[i];

        if (method->is_sql)
            continue;
        text_add(out,
                 "static bool\nserve_%s(Call *call, const ProtobufCMessage *request, "
                 "ProtobufCMessage *response)\n{\n"
                 "    return rpc_%s(call, (const %s *) request, (%s *) response);\n}\n\n",
                 method->rpc_snake, method->rpc_snake, bare_name(method->request->name),
                 bare_name(method->response->name));
    }
    text_add(out, "const ServerMethod server_methods[] = {\n");
    for (size_t i = 0; i < model->methods_count; i++) {
        const Method *method = &model->methods[i];

        if (method->is_sql)
            text_add(out, "    {.query = &query_rpc_%s},\n", method->rpc_snake);
        else
            text_add(out, "    {.handler = serve_%s},\n", method->rpc_snake);
    }
    text_add(out, "};\n");
}
