/* The API reference, in Markdown: every rpc with its rule, every message with its fields and
 * limits.  */
#include "write.h"

#include <string.h>

static const char *const scope_texts[] = {"", "the platform", "a tenant",
                                          "a tenant or the platform"};
static const char *const database_texts[] = {"", "none: from memory", "worker", "owner"};

/* The types by the numbers of FieldDescriptorProto.Type. */
static const char *const type_names[] = {"",         "double",   "float",   "int64",  "uint64",
                                         "int32",    "fixed64",  "fixed32", "bool",   "string",
                                         "group",    "message",  "bytes",   "uint32", "enum",
                                         "sfixed32", "sfixed64", "sint32",  "sint64"};

static void
write_limits(const Field *field, Text *out)
{
    static const char *const formats[] = {"",      "schema name", "e-mail address",
                                          "host",  "permission",  "JSON object",
                                          "lines", "any text"};
    const FieldRule *rule = field->rule;

    if (rule->required)
        text_add(out, "required; ");
    if (field->proto->has_oneof_index)
        text_add(out, "exactly one of the choice; ");
    if (rule->output_only)
        text_add(out, "output only; ");
    if (rule->secret)
        text_add(out, "secret; ");
    if (rule->format != 0)
        text_add(out, "%s; ", formats[rule->format]);
    if (rule->min > 0 || rule->max > 0)
        text_add(out, "%u to %u; ", rule->min > 0 ? rule->min : 1, rule->max);
    for (size_t i = 0; i < rule->n_one_of; i++)
        text_add(out, "`%s`%s", rule->one_of[i], i + 1 < rule->n_one_of ? ", " : "; ");
}

static void
write_field_table(const Message *message, Text *out)
{
    if (message->fields_count == 0) {
        text_add(out, "No fields.\n\n");
        return;
    }
    text_add(out, "| field | type | limits | meaning |\n|---|---|---|---|\n");
    for (size_t i = 0; i < message->fields_count; i++) {
        const Field *field = &message->fields[i];
        const ProtoField *proto = field->proto;

        text_add(
            out, "| `%s` | %s%s | ", proto->name, proto->label == LABEL_REPEATED ? "repeated " : "",
            proto->type == TYPE_MESSAGE || proto->type == TYPE_ENUM ? bare_name(proto->type_name)
                                                                    : type_names[proto->type]);
        write_limits(field, out);
        text_add(out, "| %s |\n", one_line(field->comment));
    }
    text_add(out, "\n");
}

static void
write_method_section(const Method *method, Text *out)
{
    const Rule *rule = &method->rule;

    text_add(out, "### %s\n\n%s\n\n", method->rpc, method->comment);
    text_add(out, "- method `%s`, command `ciq-client %s`\n", method->name, rule->command);
    text_add(out, "- called on %s; ", scope_texts[rule->scope]);
    if (rule->access == CLIENTIQ__V1__ACCESS__ACCESS_PUBLIC)
        text_add(out, "by anybody");
    else if (rule->access == CLIENTIQ__V1__ACCESS__ACCESS_AUTHENTICATED)
        text_add(out, "by anybody signed in%s", rule->by_api_key ? ", or an API key" : "");
    else
        text_add(out, "with the permission `%s`", rule->permission);
    if (rule->platform_permission[0] != '\0')
        text_add(out, ", on the platform `%s`", rule->platform_permission);
    if (rule->n_own_fields > 0)
        text_add(out, ", unless it is the caller's own");
    text_add(out, "; %s; database login: %s\n", rule->writes ? "writes" : "reads only",
             database_texts[rule->database]);
    text_add(out, "- takes [%s](#%s), gives [%s](#%s)\n\n", bare_name(method->request->name),
             bare_name(method->request->name), bare_name(method->response->name),
             bare_name(method->response->name));
}

static void
write_enum_section(const Enumeration *enumeration, Text *out)
{
    text_add(out, "### %s\n\n%s\n\n| value | number | meaning |\n|---|---|---|\n",
             bare_name(enumeration->name), enumeration->comment);
    for (size_t i = 0; i < enumeration->proto->n_value; i++)
        text_add(out, "| `%s` | %d | %s |\n", enumeration->proto->value[i]->name,
                 enumeration->proto->value[i]->number, one_line(enumeration->value_comments[i]));
    text_add(out, "\n");
}

void
write_reference_md(const Model *model, Text *out)
{
    text_add(out, "# API reference\n\nMade from `proto/` by `tools/protoc-gen-ciq`.\n\n");
    for (size_t i = 0; i < model->services_count; i++) {
        const Service *service = &model->services[i];

        text_add(out, "## %s\n\n%s\n\n", service->name, service->comment);
        for (size_t j = 0; j < model->methods_count; j++)
            if (strcmp(model->methods[j].service, service->name) == 0)
                write_method_section(&model->methods[j], out);
    }
    text_add(out, "## Messages\n\n");
    for (size_t i = 0; i < model->messages_count; i++) {
        const Message *message = &model->messages[i];

        if (!message->used || strncmp(message->name, "google.", 7) == 0)
            continue;
        text_add(out, "### %s\n\n%s\n\n", bare_name(message->name), message->comment);
        write_field_table(message, out);
    }
    text_add(out, "## Enums\n\n");
    for (size_t i = 0; i < model->enums_count; i++)
        if (strncmp(model->enums[i].name, "google.", 7) != 0)
            write_enum_section(&model->enums[i], out);
}
