/* list and describe: the methods and messages, as the .proto files describe them.  */
#include "client/cli/describe.h"
#include "client/cli/exit.h"
#include "proto/json_value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int
command_list(Cli *cli)
{
    if (cli->words_count > 1)
        die_usage("list takes no other words");
    for (size_t i = 0; i < methods_count; i++)
        printf("%-22s %-34s %.*s\n", methods[i].command,
               methods[i].name + strcspn(methods[i].name, "/") - strlen(methods[i].service),
               (int) strcspn(methods[i].comment, "\n"), methods[i].comment);
    return 0;
}

/* The message of this name, with or without its package: this one or one inside it; NULL: none. */
static const MessageInfo *
message_in(const MessageInfo *info, const char *name)
{
    const MessageInfo *found = NULL;

    if (strcmp(info->descriptor->name, name) == 0 ||
        strcmp(info->descriptor->short_name, name) == 0)
        return info;
    for (unsigned i = 0; i < info->descriptor->n_fields && found == NULL; i++)
        if (info->fields[i].message != NULL)
            found = message_in(info->fields[i].message, name);
    return found;
}

static const MessageInfo *
message_by_name(const char *name)
{
    const MessageInfo *found = NULL;

    for (size_t i = 0; i < methods_count && found == NULL; i++) {
        found = message_in(methods[i].request, name);
        if (found == NULL)
            found = message_in(methods[i].response, name);
    }
    return found;
}

static const char *
type_name(const ProtobufCFieldDescriptor *field)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_MESSAGE:
        return ((const ProtobufCMessageDescriptor *) field->descriptor)->short_name;
    case PROTOBUF_C_TYPE_ENUM:
        return ((const ProtobufCEnumDescriptor *) field->descriptor)->short_name;
    case PROTOBUF_C_TYPE_INT32:
        return "int32";
    case PROTOBUF_C_TYPE_INT64:
        return "int64";
    case PROTOBUF_C_TYPE_UINT32:
        return "uint32";
    case PROTOBUF_C_TYPE_UINT64:
        return "uint64";
    case PROTOBUF_C_TYPE_BOOL:
        return "bool";
    case PROTOBUF_C_TYPE_STRING:
        return "string";
    case PROTOBUF_C_TYPE_BYTES:
        return "bytes";
    default:
        return "number";
    }
}

static void
describe_message(const MessageInfo *info, int depth)
{
    for (unsigned i = 0; i < info->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &info->descriptor->fields[i];
        const FieldInfo *rule = &info->fields[i];

        printf("%*s%s%s %s", 2 + depth * 4, "",
               field->label == PROTOBUF_C_LABEL_REPEATED ? "repeated " : "", type_name(field),
               field->name);
        if (rule->required)
            printf(", required");
        if (field_is_choice(field))
            printf(", exactly one of these fields");
        if (rule->output_only)
            printf(", output only");
        if (rule->max > 0)
            printf(", %u to %u", rule->min > 0 ? rule->min : 1, rule->max);
        for (size_t j = 0; rule->one_of != NULL && rule->one_of[j] != NULL; j++)
            printf("%s%s", j == 0 ? ", one of " : " | ", rule->one_of[j]);
        if (field->type == PROTOBUF_C_TYPE_ENUM) {
            const ProtobufCEnumDescriptor *values = field->descriptor;

            for (unsigned j = 1; j < values->n_values; j++) {
                char *word = enum_word(values, values->values[j].value);

                printf("%s%s", j == 1 ? ", one of " : " | ", word != NULL ? word : "");
                free(word);
            }
        }
        printf("\n%*s%s\n", 6 + depth * 4, "", rule->comment);
        if (rule->message != NULL && strncmp(rule->message->descriptor->name, "google.", 7) != 0)
            describe_message(rule->message, depth + 1);
    }
}

int
command_describe(Cli *cli)
{
    static const char *const scopes[] = {"", "on the platform", "on a tenant",
                                         "on a tenant or on the platform"};
    const Method *method;

    if (cli->words_count != 2)
        die_usage("describe needs one method or message: ciq-client describe "
                  "TenantService.CreateTenant");
    method = method_by_name(cli->words[1]);
    if (method == NULL) {
        const MessageInfo *message = message_by_name(cli->words[1]);

        if (message == NULL)
            die_usage("there is no method or message %s; ciq-client list shows all methods",
                      cli->words[1]);
        printf("%s\n%s\n\n", message->descriptor->name, message->comment);
        describe_message(message, 0);
        return 0;
    }
    printf("%s\n%s\n\n", method->name, method->comment);
    printf("command:    ciq-client %s\n", method->command);
    printf("called:     %s\n", scopes[method->scope]);
    printf("access:     %s%s%s%s%s\n",
           method->access == ACCESS_PUBLIC       ? "anybody"
           : method->access == ACCESS_PERMISSION ? "permission "
           : method->by_api_key                  ? "anybody signed in, and API keys"
                                                 : "anybody signed in",
           method->permission, method->platform_permission[0] != '\0' ? ", on the platform " : "",
           method->platform_permission, method->own_fields != NULL ? ", but for one's own" : "");
    printf("writes:     %s\n", method->writes ? "yes" : "no");
    printf("\nrequest %s\n", method->request->descriptor->name);
    describe_message(method->request, 0);
    printf("\nresponse %s\n", method->response->descriptor->name);
    describe_message(method->response, 0);
    return 0;
}
