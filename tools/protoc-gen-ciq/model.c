/* Reads protoc's descriptors into the model, and names what is missing from them: a comment, a
 * rule, a message.  What a rule must be is in rules.c.  */
#include "model.h"

#include "rules.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { NAMES_MAX = 4096, PATH_NUMBERS_MAX = 8 };

/* ---- paths, lines and comments ---- */

/* Where a descriptor is in its file, as SourceCodeInfo says it: field numbers and indexes. */
typedef struct ProtoPath {
    int numbers[PATH_NUMBERS_MAX];
    size_t count;
} ProtoPath;

static ProtoPath
path_add(ProtoPath path, int field, size_t index)
{
    path.numbers[path.count++] = field;
    path.numbers[path.count++] = (int) index;
    return path;
}

static const Ciq__Plugin__SourceCodeInfo__Location *
find_location(const ProtoFile *file, const ProtoPath *path)
{
    const Ciq__Plugin__SourceCodeInfo *info = file->source_code_info;

    for (size_t i = 0; info != NULL && i < info->n_location; i++) {
        const Ciq__Plugin__SourceCodeInfo__Location *at = info->location[i];

        if (at->n_path == path->count &&
            memcmp(at->path, path->numbers, path->count * sizeof *at->path) == 0)
            return at;
    }
    return NULL;
}

static size_t
line_of(const ProtoFile *file, const ProtoPath *path)
{
    const Ciq__Plugin__SourceCodeInfo__Location *at = find_location(file, path);

    return at != NULL && at->n_span > 0 ? (size_t) at->span[0] + 1 : 1;
}

void
add_mistake(Text *errors, const ProtoFile *file, size_t line, const char *format, ...)
{
    va_list arguments;
    char what[512];

    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    text_add(errors, "%s:%zu: %s\n", file->name, line, what);
}

/* Google's own files; protoc does not always hand on their comments. */
static bool
is_foreign(const ProtoFile *file)
{
    return strncmp(file->name, "google/", 7) == 0;
}

/* The comment above it, its lines without the space that each begins with. */
static char *
comment_of(Text *errors, const ProtoFile *file, const ProtoPath *path, const char *what,
           const char *name)
{
    const Ciq__Plugin__SourceCodeInfo__Location *at = find_location(file, path);
    const char *comment = at == NULL ? NULL : at->leading_comments;

    if (comment == NULL || comment[strspn(comment, " \n")] == '\0') {
        if (!is_foreign(file))
            add_mistake(errors, file, line_of(file, path),
                        "%s %s has no comment; each needs one in the lines above it", what, name);
        return must_format("%s.", name);
    }

    char *out = must_allocate(strlen(comment)), *end = out;
    bool line_starts = true;

    for (; *comment != '\0'; comment++) {
        if (!(line_starts && *comment == ' '))
            *end++ = *comment;
        line_starts = *comment == '\n';
    }
    while (end > out && isspace((unsigned char) end[-1]))
        *--end = '\0';
    return out;
}

/* ---- types ---- */

static int
compare_fields(const void *a, const void *b)
{
    const Field *left = a, *right = b;

    return (left->proto->number > right->proto->number) -
           (left->proto->number < right->proto->number);
}

static void
add_enum(Model *model, const ProtoFile *file, const ProtoEnum *proto, const char *scope,
         ProtoPath path, Text *errors)
{
    Enumeration *out = &model->enums[model->enums_count++];

    *out = (Enumeration){
        .file = file,
        .proto = proto,
        .name = must_format("%s.%s", scope, proto->name),
        .comment = comment_of(errors, file, &path, "enum", proto->name),
        .value_comments = must_allocate(proto->n_value * sizeof(char *)),
    };
    out->c_name = c_name(out->name, false);
    for (size_t i = 0; i < proto->n_value; i++) {
        ProtoPath value = path_add(path, 2, i);

        out->value_comments[i] =
            comment_of(errors, file, &value, "enum value", proto->value[i]->name);
    }
}

static void
add_message(Model *model, const ProtoFile *file, const ProtoMessage *proto, const char *scope,
            ProtoPath path, Text *errors)
{
    static const FieldRule no_rule = CLIENTIQ__V1__FIELD_RULE__INIT;

    if (model->messages_count == NAMES_MAX || path.count + 2 > PATH_NUMBERS_MAX) {
        add_mistake(errors, file, 1, "more than %d messages, or one more than %d levels deep",
                    NAMES_MAX, PATH_NUMBERS_MAX / 2);
        return;
    }

    Message *out = &model->messages[model->messages_count++];

    *out = (Message){
        .file = file,
        .proto = proto,
        .name = must_format("%s.%s", scope, proto->name),
        .comment = comment_of(errors, file, &path, "message", proto->name),
        .fields = must_allocate(proto->n_field * sizeof(Field)),
        .fields_count = proto->n_field,
    };
    out->c_name = c_name(out->name, false);
    out->c_lower = c_name(out->name, true);
    for (size_t i = 0; i < proto->n_field; i++) {
        const ProtoField *field = proto->field[i];
        ProtoPath at = path_add(path, 2, i);

        out->fields[i] = (Field){
            .proto = field,
            .comment = comment_of(errors, file, &at, "field", field->name),
            .rule = field->options != NULL && field->options->field != NULL ? field->options->field
                                                                            : &no_rule,
        };
        if (field->proto3_optional)
            add_mistake(errors, file, line_of(file, &at),
                        "field %s is optional, which protoc-c does not support: use update_mask, "
                        "or a message field",
                        field->name);
    }
    qsort(out->fields, out->fields_count, sizeof *out->fields, compare_fields);
    for (size_t i = 0; i < proto->n_nested_type; i++)
        add_message(model, file, proto->nested_type[i], out->name, path_add(path, 3, i), errors);
    for (size_t i = 0; i < proto->n_enum_type; i++)
        add_enum(model, file, proto->enum_type[i], out->name, path_add(path, 4, i), errors);
}

static Message *
find_message(Model *model, const char *dotted)
{
    for (size_t i = 0; i < model->messages_count; i++)
        if (strcmp(model->messages[i].name, dotted + (*dotted == '.')) == 0)
            return &model->messages[i];
    return NULL;
}

static void
link_fields(Model *model)
{
    for (size_t i = 0; i < model->messages_count; i++)
        for (size_t j = 0; j < model->messages[i].fields_count; j++) {
            Field *field = &model->messages[i].fields[j];

            if (field->proto->type == TYPE_MESSAGE)
                field->message = find_message(model, field->proto->type_name);
        }
}

/* protobuf-c unpacks by recursion without a limit: a message that contained itself could be sent so
 * deep that it overflows the stack. */
static void
check_circle(Message *message, Text *errors)
{
    enum { UNSEEN, OPEN, DONE };

    message->visit = OPEN;
    for (size_t i = 0; i < message->fields_count; i++) {
        Message *inner = message->fields[i].message;

        if (inner == NULL || inner->visit == DONE)
            continue;
        if (inner->visit == OPEN)
            add_mistake(errors, message->file, 1,
                        "message %s must not contain itself, which it does in its field %s",
                        message->name, message->fields[i].proto->name);
        else
            check_circle(inner, errors);
    }
    message->visit = DONE;
}

static void
mark_used(Message *message)
{
    if (message == NULL || message->used)
        return;
    message->used = true;
    for (size_t i = 0; i < message->fields_count; i++)
        mark_used(message->fields[i].message);
}

/* ---- services ---- */

/* The standard health service is taken over as it is, without our options: its rule is here. */
static bool
health_rule(const char *name, Rule *rule)
{
    if (strcmp(name, "grpc.health.v1.Health/Check") != 0)
        return false;
    clientiq__v1__rule__init(rule);
    rule->scope = CLIENTIQ__V1__SCOPE__SCOPE_ANY;
    rule->access = CLIENTIQ__V1__ACCESS__ACCESS_PUBLIC;
    rule->database = CLIENTIQ__V1__DATABASE__DATABASE_NONE;
    rule->command = must_format("server health");
    return true;
}

static void
add_method(Model *model, const ProtoFile *file, const Ciq__Plugin__Service *service,
           const Ciq__Plugin__Method *proto, ProtoPath path, const char *sql_folder, Text *errors)
{
    Method method = {
        .file = file,
        .name = must_format("%s.%s/%s", file->package, service->name, proto->name),
        .service = service->name,
        .rpc = proto->name,
        .service_snake = snake_case(service->name),
        .rpc_snake = snake_case(proto->name),
        .comment = comment_of(errors, file, &path, "rpc", proto->name),
        .request = find_message(model, proto->input_type),
        .response = find_message(model, proto->output_type),
        .line = line_of(file, &path),
    };
    struct stat status;

    if (proto->client_streaming || proto->server_streaming) {
        add_mistake(errors, file, method.line,
                    "rpc %s is streaming; REQ/REP carries one request and one reply", proto->name);
        return;
    }
    if (!health_rule(method.name, &method.rule)) {
        if (proto->options == NULL || proto->options->rule == NULL) {
            add_mistake(errors, file, method.line, "rpc %s has no rule: option (rule) = {...}",
                        proto->name);
            return;
        }
        method.rule = *proto->options->rule;
    }
    if (method.request == NULL || method.response == NULL) {
        add_mistake(errors, file, method.line,
                    "the request or the response of rpc %s is not a message of these files",
                    proto->name);
        return;
    }
    rules_check(&method, errors);
    mark_used(method.request);
    mark_used(method.response);

    char *sql = must_format("%s/rpc/%s/%s.sql", sql_folder, method.service_snake, method.rpc_snake);

    method.is_sql = stat(sql, &status) == 0;
    model->methods[model->methods_count++] = method;
}

static int
compare_methods(const void *a, const void *b)
{
    return strcmp(((const Method *) a)->name, ((const Method *) b)->name);
}

void
model_build(Model *model, const PluginRequest *request, const char *sql_folder, Text *errors)
{
    *model = (Model){
        .messages = must_allocate(NAMES_MAX * sizeof(Message)),
        .enums = must_allocate(NAMES_MAX * sizeof(Enumeration)),
        .methods = must_allocate(NAMES_MAX * sizeof(Method)),
        .services = must_allocate(NAMES_MAX * sizeof(Service)),
    };
    for (size_t i = 0; i < request->n_proto_file; i++) {
        const ProtoFile *file = request->proto_file[i];

        for (size_t j = 0; j < file->n_message_type; j++)
            add_message(model, file, file->message_type[j], file->package,
                        path_add((ProtoPath){0}, 4, j), errors);
        for (size_t j = 0; j < file->n_enum_type; j++)
            add_enum(model, file, file->enum_type[j], file->package, path_add((ProtoPath){0}, 5, j),
                     errors);
    }
    link_fields(model);
    for (size_t i = 0; i < model->messages_count; i++)
        if (!is_foreign(model->messages[i].file) && model->messages[i].visit == 0)
            check_circle(&model->messages[i], errors);
    for (size_t i = 0; i < request->n_proto_file; i++) {
        const ProtoFile *file = request->proto_file[i];

        for (size_t j = 0; j < file->n_service; j++) {
            ProtoPath path = path_add((ProtoPath){0}, 6, j);

            model->services[model->services_count++] =
                (Service){file->service[j]->name,
                          comment_of(errors, file, &path, "service", file->service[j]->name)};
            for (size_t k = 0; k < file->service[j]->n_method; k++)
                add_method(model, file, file->service[j], file->service[j]->method[k],
                           path_add(path, 2, k), sql_folder, errors);
        }
    }
    qsort(model->methods, model->methods_count, sizeof *model->methods, compare_methods);
    rules_check_commands(model, errors);
}
