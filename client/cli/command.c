/* The commands that the .proto files make.  Their flags are the fields of the request, and the
 * fields of the messages in it.  */
#include "client/cli/command.h"
#include "client/cli/exit.h"
#include "client/cli/json.h"
#include "client/cli/options.h"
#include "client/cli/secret.h"
#include "client/cli/session.h"
#include "client/cli/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One flag: a field of the request, or of one of its messages. */
typedef struct Flag {
    const ProtobufCFieldDescriptor *outer; /* NULL: the field is the request's own */
    const ProtobufCFieldDescriptor *field;
    const FieldInfo *info;
} Flag;

enum { FLAGS_MAX = 128 };

static bool
is_google(const ProtobufCFieldDescriptor *field, const char *name)
{
    const ProtobufCMessageDescriptor *descriptor = field->descriptor;

    return field->type == PROTOBUF_C_TYPE_MESSAGE &&
           strncmp(descriptor->name, "google.protobuf.", 16) == 0 &&
           strcmp(descriptor->name + 16, name) == 0;
}

/* Whether one word can give the field's value: any field but a message, and of the messages a time.
 */
static bool
is_one_word(const ProtobufCFieldDescriptor *field)
{
    return field->type != PROTOBUF_C_TYPE_MESSAGE || is_google(field, "Timestamp");
}

static size_t
collect_flags(const Method *method, Flag flags[FLAGS_MAX])
{
    const MessageInfo *request = method->request;
    size_t count = 0;

    for (unsigned i = 0; i < request->descriptor->n_fields && count < FLAGS_MAX; i++) {
        const ProtobufCFieldDescriptor *field = &request->descriptor->fields[i];
        const FieldInfo *info = &request->fields[i];

        if (info->output_only || is_google(field, "FieldMask"))
            continue;
        if (is_one_word(field)) {
            flags[count++] = (Flag){NULL, field, info};
            continue;
        }
        for (unsigned j = 0; j < info->message->descriptor->n_fields && count < FLAGS_MAX; j++) {
            const ProtobufCFieldDescriptor *inner = &info->message->descriptor->fields[j];

            if (!info->message->fields[j].output_only && is_one_word(inner))
                flags[count++] = (Flag){field, inner, &info->message->fields[j]};
        }
    }
    return count;
}

/* "--job-title" is job_title. */
static bool
is_flag_of(const char *word, size_t size, const char *field)
{
    for (size_t i = 0; i < size; i++)
        if ((word[i] == '-' ? '_' : word[i]) != field[i])
            return false;
    return field[size] == '\0';
}

static const Flag *
find_flag(const Flag *flags, size_t count, const char *word, size_t size)
{
    for (size_t i = 0; i < count; i++)
        if (is_flag_of(word, size, flags[i].field->name))
            return &flags[i];
    return NULL;
}

static void
set_value(json_t *request, const Flag *flag, const char *value)
{
    json_t *object = request;

    if (flag->outer != NULL) {
        object = json_object_get(request, flag->outer->name);
        if (object == NULL) {
            object = json_object();
            json_object_set_new(request, flag->outer->name, object);
        }
    }
    if (flag->field->label != PROTOBUF_C_LABEL_REPEATED) {
        /* an empty word clears a time */
        json_t *text = is_google(flag->field, "Timestamp") && value[0] == '\0' ? json_null()
                                                                               : json_string(value);

        if (text == NULL)
            die_usage("--%s is not valid UTF-8", flag->field->name);
        json_object_set_new(object, flag->field->name, text);
        return;
    }

    json_t *array = json_object_get(object, flag->field->name);

    if (array == NULL) {
        array = json_array();
        json_object_set_new(object, flag->field->name, array);
    }
    while (*value != '\0') {
        size_t size = strcspn(value, ",");

        json_array_append_new(array, json_stringn(value, size));
        value += size + (value[size] == ',');
    }
}

static bool
is_own_id(const Flag *flag)
{
    return flag->outer == NULL && strcmp(flag->field->name, "id") == 0 && !flag->info->required;
}

/* The field that a word without a flag is for.  If the request names a tenant by id or schema name,
 * that ("tenant get acme"); else the request's first required field ("user get 1"); for a Get
 * without one, the first field that such a word fits.  NULL: there is none. */
static const Flag *
positional(const Method *method, const Flag *flags, size_t count, const char *word)
{
    bool is_number = word[0] != '\0' && strspn(word, "0123456789") == strlen(word);
    const Flag *schema = find_flag(flags, count, "schema-name", strlen("schema-name"));

    for (size_t i = 0; i < count && schema != NULL; i++)
        if (is_own_id(&flags[i]))
            return is_number ? &flags[i] : schema;
    for (size_t i = 0; i < count; i++)
        if (flags[i].outer == NULL && flags[i].info->required && !flags[i].info->secret)
            return &flags[i];
    if (strncmp(method->rpc, "Get", 3) != 0)
        return NULL;
    for (size_t i = 0; i < count; i++)
        if (flags[i].outer == NULL &&
            (flags[i].field->type == PROTOBUF_C_TYPE_STRING) == !is_number)
            return &flags[i];
    return NULL;
}

/* "job_title" is --job-title. */
static void
flag_name(const Flag *flag, char name[96])
{
    snprintf(name, 96, "--%s", flag->field->name);
    for (char *c = name; *c != '\0'; c++)
        if (*c == '_')
            *c = '-';
}

static noreturn void
die_unknown_flag(const Flag *flags, size_t count, const char *word)
{
    char names[FLAGS_MAX][96];
    const char *own[FLAGS_MAX + 1];
    size_t own_count = 0;

    for (size_t i = 0; i < count; i++)
        if (!flags[i].info->secret) {
            flag_name(&flags[i], names[own_count]);
            own[own_count] = names[own_count];
            own_count++;
        }
    own[own_count] = NULL;
    options_die_unknown(word, own);
}

static void
command_read_words(const Cli *cli, const Method *method, const Flag *flags, size_t count,
                   json_t *request)
{
    bool positional_taken = false;
    int i = 1;

    for (const char *c = method->command; *c != '\0'; c++)
        i += *c == ' ';
    for (; i < cli->words_count; i++) {
        const char *word = cli->words[i], *equals = strchr(word, '=');
        const Flag *flag;
        size_t size;

        if (strncmp(word, "--", 2) != 0) {
            flag = positional_taken ? NULL : positional(method, flags, count, word);
            if (flag == NULL)
                die_usage("\"%s\" is one word too many for \"%s\"", word, method->command);
            positional_taken = true;
            set_value(request, flag, word);
            continue;
        }
        word += 2;
        size = equals == NULL ? strlen(word) : (size_t) (equals - word);
        flag = find_flag(flags, count, word, size);
        if (flag == NULL)
            die_unknown_flag(flags, count, word - 2);
        if (flag->info->secret)
            die_usage("--%.*s would be seen by everybody on this machine: use --password-stdin or "
                      "--password-file FILE",
                      (int) size, word);
        if (equals != NULL)
            set_value(request, flag, equals + 1);
        else if (flag->field->type == PROTOBUF_C_TYPE_BOOL)
            set_value(request, flag, "true");
        else if (i + 1 < cli->words_count)
            set_value(request, flag, cli->words[++i]);
        else
            die_usage("--%s needs a value", word);
    }
}

static void
read_secrets(const Cli *cli, const Flag *flags, size_t count, json_t *request)
{
    for (size_t i = 0; i < count; i++) {
        char prompt[96];
        char *secret;

        if (!flags[i].info->secret)
            continue;
        snprintf(prompt, sizeof prompt, "%s", flags[i].field->name);
        for (char *c = prompt; *c != '\0'; c++)
            if (*c == '_')
                *c = ' ';
        secret = secret_get(cli, prompt, flags[i].info->required);
        if (secret != NULL)
            set_value(request, &flags[i], secret);
        free(secret);
    }
}

/* The mask of an update names the fields that were given, but for the one that says what is
 * updated. */
static void
set_mask(const Method *method, const Flag *flags, size_t count, json_t *request)
{
    char mask[2048] = "";
    const Flag *name =
        json_object_get(request, "id") == NULL ? positional(method, flags, count, "a") : NULL;

    if (protobuf_c_message_descriptor_get_field_by_name(method->request->descriptor,
                                                        "update_mask") == NULL)
        return;
    for (size_t i = 0; i < count; i++)
        if (flags[i].outer != NULL && &flags[i] != name &&
            json_object_get(json_object_get(request, flags[i].outer->name), flags[i].field->name) !=
                NULL)
            snprintf(mask + strlen(mask), sizeof mask - strlen(mask), "%s%s",
                     mask[0] != '\0' ? "," : "", flags[i].field->name);
    if (mask[0] == '\0')
        die_usage("nothing to change: give at least one flag");
    json_object_set_new(request, "update_mask", json_string(mask));
}

static ProtobufCMessage *
message_of(const Method *method, const json_t *json)
{
    char error[JSON_MESSAGE];
    ProtobufCMessage *message = json_to_message(method->request->descriptor, json, error);

    if (message == NULL)
        die_usage("%s", error);
    return message;
}

static const char *
next_token(const json_t *page)
{
    const char *token = json_string_value(json_object_get(page, "next_page_token"));

    return token != NULL ? token : "";
}

static json_t *
call_once(const Cli *cli, CiqClient *client, const Method *method, const json_t *json,
          const char *tenant)
{
    CiqError *error = NULL;
    ProtobufCMessage *request = message_of(method, json);
    ProtobufCMessage *response = cli_call(cli, client, method, request, tenant, NULL, &error);
    json_t *page;

    protobuf_c_message_free_unpacked(request, NULL);
    if (error != NULL)
        die_error(error, method, tenant);
    page = json_of_message(response);
    protobuf_c_message_free_unpacked(response, NULL);
    if (page == NULL)
        die("no memory");
    return page;
}

/* Appends the other pages to the first, so that JSON is one document and a table has one heading.
 */
static void
append_pages(const Cli *cli, CiqClient *client, const Method *method, json_t *json,
             const char *tenant, json_t *first)
{
    while (next_token(first)[0] != '\0') {
        json_t *page;
        const char *name;
        json_t *value;

        json_object_set_new(json, "page_token", json_string(next_token(first)));
        page = call_once(cli, client, method, json, tenant);
        if (strcmp(next_token(page), next_token(first)) == 0)
            die("the server gave the same page twice");
        json_object_foreach(page, name, value)
        {
            if (json_is_array(value))
                json_array_extend(json_object_get(first, name), value);
            else
                json_object_set(first, name, value);
        }
        json_decref(page);
    }
}

int
command_run(Cli *cli, const Method *method)
{
    Flag flags[FLAGS_MAX];
    size_t count = collect_flags(method, flags);
    json_t *json = json_object(), *page;
    const char *tenant;
    CiqClient *client;

    command_read_words(cli, method, flags, count, json);
    tenant = cli_tenant(cli, method);
    read_secrets(cli, flags, count, json);
    set_mask(method, flags, count, json);
    client = cli_client(cli);
    page = call_once(cli, client, method, json, tenant);
    if (cli->all)
        append_pages(cli, client, method, json, tenant, page);
    session_keep(cli, method, page);
    cli_print(cli, method->response->descriptor, page);
    if (next_token(page)[0] != '\0') {
        fputs("there is more: give --all, or --page-token ", stderr);
        text_print(next_token(page), stderr);
        fputc('\n', stderr);
    }
    json_decref(page);
    ciq_client_free(client);
    json_decref(json);
    return 0;
}

/* ---- verify ---- */

/* verify is a call to the platform that names a tenant in its request: --schema and --tenant mean
 * that field here, --schema-name. */
static void
take_schema(Cli *cli)
{
    static char flag[] = "--schema-name";
    char **words;

    for (int i = 2; i < cli->words_count; i++) {
        char *word = cli->words[i];
        char *renamed;

        if (strcmp(word, "--schema") == 0)
            cli->words[i] = flag;
        else if (strncmp(word, "--schema=", 9) == 0 &&
                 asprintf(&renamed, "%s=%s", flag, word + 9) > 0)
            cli->words[i] = renamed;
    }
    if (cli->tenant == NULL || cli->tenant_is_environment)
        return;
    words = calloc((size_t) cli->words_count + 2, sizeof *words);
    if (words == NULL)
        die("no memory");
    memcpy(words, cli->words, (size_t) cli->words_count * sizeof *words);
    words[cli->words_count++] = flag;
    words[cli->words_count++] = (char *) (uintptr_t) cli->tenant;
    cli->words = words;
    cli->tenant = NULL;
}

/* How many rows of a report are findings: those whose field "ok" is not true, and all rows that
 * have no such field. */
static size_t
failures_of(const json_t *rows)
{
    size_t failures = 0;

    for (size_t i = 0; i < json_array_size(rows); i++)
        failures += !json_is_true(json_object_get(json_array_get(rows, i), "ok"));
    return failures;
}

int
command_verify(Cli *cli, const Method *method)
{
    Flag flags[FLAGS_MAX];
    size_t count = collect_flags(method, flags), failures = 0, tenants = 0;
    const ProtobufCMessageDescriptor *response = method->response->descriptor;
    json_t *json = json_object(), *page = NULL;
    CiqClient *client;

    take_schema(cli);
    command_read_words(cli, method, flags, count, json);
    client = cli_client(cli);
    /* a small page, so that the first rows show soon */
    if (json_object_get(json, "page_size") == NULL)
        json_object_set_new(json, "page_size", json_integer(20));
    do {
        if (page != NULL)
            json_object_set_new(json, "page_token", json_string(next_token(page)));
        json_decref(page);
        page = call_once(cli, client, method, json, "");
        if (cli->json)
            append_pages(cli, client, method, json, "", page);

        const json_t *rows = json_object_get(page, response->fields[0].name);

        failures += failures_of(rows);
        tenants += json_array_size(json_object_get(page, "tenants"));
        if (cli->json || json_array_size(rows) > 0)
            cli_print(cli, response, page);
    } while (next_token(page)[0] != '\0' && !cli->json);
    fflush(stdout);
    fprintf(stderr, "%zu tenant%s verified: ", tenants, tenants == 1 ? "" : "s");
    if (failures == 0)
        fputs("no findings\n", stderr);
    else
        fprintf(stderr, "%zu finding%s\n", failures, failures == 1 ? "" : "s");
    json_decref(page);
    ciq_client_free(client);
    json_decref(json);
    return failures == 0 ? 0 : 1;
}

static json_t *
read_data(const char *data)
{
    json_error_t error;
    json_t *json;

    if (strcmp(data, "@-") == 0)
        json = json_loadf(stdin, JSON_REJECT_DUPLICATES, &error);
    else if (data[0] == '@')
        json = json_load_file(data + 1, JSON_REJECT_DUPLICATES, &error);
    else
        json = json_loads(data, JSON_REJECT_DUPLICATES, &error);
    if (json == NULL)
        die_usage("the data of -d must be JSON: line %d: %s", error.line, error.text);
    return json;
}

int
command_call(Cli *cli)
{
    const Method *method;
    const char *data = "{}";

    if (cli->words_count < 2)
        die_usage("call needs a method: ciq-client call UserService/GetUser -d '{\"id\": 1}'");
    method = method_by_name(cli->words[1]);
    if (method == NULL)
        die_usage("there is no method %s; ciq-client list shows all", cli->words[1]);
    for (int i = 2; i < cli->words_count; i++) {
        if (strcmp(cli->words[i], "-d") != 0 || i + 1 == cli->words_count)
            die_usage("call takes a method and -d with JSON, @FILE or @- (standard input)");
        data = cli->words[++i];
    }

    const char *tenant = cli_tenant(cli, method);
    json_t *json = read_data(data);
    CiqClient *client = cli_client(cli);
    json_t *response = call_once(cli, client, method, json, tenant);

    cli->json = true;
    cli_print(cli, method->response->descriptor, response);
    json_decref(response);
    ciq_client_free(client);
    json_decref(json);
    return 0;
}

void
command_help(const Method *method, FILE *out)
{
    Flag flags[FLAGS_MAX];
    size_t count = collect_flags(method, flags);

    fprintf(out, "usage: ciq-client %s%s", method->command,
            method->scope == SCOPE_TENANT ? " [--tenant TENANT]" : "");
    for (size_t i = 0; i < count; i++)
        if (positional(method, flags, count, "1") == &flags[i])
            fprintf(out, " %s%s", flags[i].field->name,
                    positional(method, flags, count, "a") != &flags[i] ? "|schema_name" : "");
    fprintf(out, " [flags]\n\n%s\n\n", method->comment);
    for (size_t i = 0; i < count; i++) {
        char flag[96];

        if (flags[i].info->secret) {
            fprintf(out, "  %-26s %s\n", "--password-stdin …", flags[i].info->comment);
            continue;
        }
        flag_name(&flags[i], flag);
        fprintf(out, "  %-26s %s%s\n", flag, flags[i].info->comment,
                flags[i].info->required ? " Required." : "");
    }
}
